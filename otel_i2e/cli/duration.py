"""Durations as people write them: `90s`, `30m`, `24h`, `7d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import click

__all__ = ["DURATION"]

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=36_500)


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)\s*([smhdw])", str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not a duration; write a number and a unit: 90s, 30m, 24h, 7d, 2w", param, ctx)
        return min(timedelta(**{_UNITS[match[2]]: float(match[1])}), _LONGEST)


DURATION: Final = _Duration()
"""A click type that gives a timedelta, at most a hundred years."""
