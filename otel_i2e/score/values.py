"""JSON values: parsed once for all that look at an answer, and when two are the same.

2 is 2.0, but true is not 1 (JSON has no such equality, Python has).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from otel_i2e.models import Json
from otel_i2e.models.json_text import loads_as_python, loads_strict

__all__ = ["parsed", "same_value", "strictly_parsed"]


@lru_cache(maxsize=16)
def parsed(text: str) -> Any:
    """`text` as JSON, to be read only: the checks of one answer share it. ValueError, RecursionError for none."""
    return loads_as_python(text)


def strictly_parsed(text: str) -> Any:
    """As `parsed`, of what every reader takes for the same JSON: ValueError also for NaN and for a key that is there
    twice, of which one reader takes the first and another the last.
    """
    value = parsed(text)
    kind: Any = cast("Any", type(value))
    if kind is dict and text.count(":") == len(value) and "N" not in text and "I" not in text:
        return value  # a colon for each: no key is there twice; and neither NaN nor Infinity
    return _strictly(text) if kind in (dict, list, float) else value


@lru_cache(maxsize=16)
def _strictly(text: str) -> Any:
    loads_strict(text, finite=False)
    return parsed(text)


def same_value(one: Any, other: Any) -> bool:
    """Whether two parsed JSON values are equal, at any depth."""
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("Json", one), cast("Json", other)
        return left.keys() == right.keys() and all(same_value(value, right[key]) for key, value in left.items())
    if isinstance(one, list) and isinstance(other, list):
        pairs = list(zip(cast("list[Any]", one), cast("list[Any]", other), strict=False))
        return len(one) == len(other) and all(same_value(*pair) for pair in pairs)  # pyright: ignore[reportUnknownArgumentType] -- JSON
    return isinstance(one, bool) == isinstance(other, bool) and one == other
