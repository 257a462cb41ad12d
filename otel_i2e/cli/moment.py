"""Moments as people write them: how long ago (`24h`, `7d`), a date, a date and a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from otel_i2e.cli.duration import DURATION

__all__ = ["SINCE", "UNTIL"]

_DAYS: Final = {"today": 0, "yesterday": 1}


class _Since(click.ParamType[datetime]):
    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            return datetime.now(UTC) - DURATION.convert(text, param, ctx)
        except click.BadParameter:
            pass  # it may be a date
        try:
            return _moment(text).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is neither a duration nor a date; write 30m, 24h, 7d, 2026-01-31, '2026-01-31 14:00' "
                "or 2026-01-31T14:00Z",
                param,
                ctx,
            )


class _Until(click.ParamType[timedelta]):
    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        try:
            return DURATION.convert(text, param, ctx)
        except click.BadParameter:
            pass  # it may be a date
        try:
            left = datetime.fromisoformat(text).astimezone(UTC) - datetime.now(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is neither a duration nor a date; write 24h, 7d, 2027-01-31 or '2027-01-31 14:00'",
                param,
                ctx,
            )
        if left <= timedelta(0):
            self.fail(f"{value!r} is in the past; write a duration, such as 7d, or a later date", param, ctx)
        return left


def _moment(text: str) -> datetime:
    if (days := _DAYS.get(text.lower())) is not None:
        return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days)
    return datetime.fromisoformat(text)


SINCE: Final = _Since()
"""A click type that gives a moment in UTC, from a duration before now or from a date of ISO 8601.

A date without a time is its midnight; what names no time zone is in that of this machine.
"""
UNTIL: Final = _Until()
"""A click type that gives the time from now until a moment: a duration, or a date as of `SINCE` that is to come."""
