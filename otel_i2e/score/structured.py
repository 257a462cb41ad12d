"""The texts within a structured answer: in its JSON a line break or a quotation mark of theirs is an escape."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, cast

from otel_i2e.models import Json
from otel_i2e.score.values import parsed

__all__ = ["BETWEEN", "texts_in", "told"]

BETWEEN: Final = "\n\0\n"
"""Stands between two texts: no white space, and no part of what is looked for."""


def told(output: str) -> str:
    """The texts of a structured answer, one after the other; empty of any other answer."""
    return "" if output[:1].isalnum() else BETWEEN.join(texts_in(output))  # nearly every answer begins with a letter


@lru_cache(maxsize=16)  # the checks of one answer share it
def texts_in(output: str) -> tuple[str, ...]:
    """Texts and numbers that are values of a JSON object or list, in order; none of any other answer."""
    if output.lstrip()[:1] not in ("{", "["):
        return ()
    found: list[str] = []
    try:
        _add_texts(parsed(output), found)
    except (ValueError, RecursionError):  # no JSON: text like any other
        return ()
    return tuple(found)


def _add_texts(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for one in cast("Json", value).values():
            _add_texts(one, found)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            _add_texts(one, found)
    elif type(value) in (int, float):  # not bool
        found.append(repr(value))
