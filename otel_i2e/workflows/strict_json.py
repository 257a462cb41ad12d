"""JSON that people write or merge: what a parser would settle silently is told instead.

Of a key that is there twice the last would count, `NaN` is no JSON at all, and 1e999 would be infinite.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

__all__ = ["read_json"]

_INFINITE: Final = float("inf")


def read_json(text: str) -> Any:
    """The value of `text`. Raises ValueError with a sentence for a person: JSONDecodeError for what is no JSON."""
    try:
        return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constants, parse_float=_finite)
    except RecursionError:
        raise ValueError("not JSON that can be read: it is nested too deeply") from None


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twin = min(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"key {twin!r} is there twice, and only the last would count; join them")
    return found


def _no_constants(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; write a number or null")


def _finite(text: str) -> float:
    number = float(text)
    if abs(number) == _INFINITE:
        raise ValueError(f"{text} is too large for a number; write a smaller one, or text")
    return number
