"""JSON text in and out, for values that others made: whatever is given, valid JSON text comes out.

orjson does the work. What it refuses (a lone surrogate, an integer beyond 64 bits, nesting beyond
254) is mended, never raised: the column takes JSON that every reader can parse.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final, TypeGuard

import orjson

__all__ = ["SORTED", "dumps", "is_list", "is_object", "loads", "mended", "parse_if_json", "well_formed"]

SORTED: Final = orjson.OPT_SORT_KEYS
_DEEPEST: Final = 250
_TOO_DEEP: Final = "… (nested too deeply)"
_ESCAPES: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def dumps(value: Any, option: int = 0) -> str:
    """Compact JSON text of `value`, with orjson's options. Never raises; what UTF-8 cannot hold becomes U+FFFD."""
    try:
        return orjson.dumps(value, None, option).decode()
    except (TypeError, ValueError):
        return orjson.dumps(_storable(value, 0), None, option).decode()


def loads(text: str | bytes) -> Any:
    """The value of JSON text, lone surrogates mended. Raises ValueError."""
    try:
        return orjson.loads(text)
    except ValueError:
        better = mended(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        if better == text:
            raise
        return orjson.loads(better)


def parse_if_json(text: str) -> Any:
    """The value when `text` is a JSON object, array or quoted text; else `text` itself.

    A bare number or word stays text: a tool that answers `007` or `true` answered with text.
    """
    if text[:1] in ("{", "[", '"') or text[:1].isspace():
        try:
            value = loads(text)
        except ValueError:
            return text
        if isinstance(value, str) or is_object(value) or is_list(value):
            return value
    return text


def mended(text: str) -> str:
    """`text` with every surrogate that has no partner replaced by U+FFFD, be it a character or a JSON escape."""
    text = well_formed(text)
    return _ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)


def well_formed(text: str) -> str:
    """`text` as UTF-8 can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether `value` is a JSON object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether `value` is a JSON array."""
    return isinstance(value, list)


def _storable(value: Any, depth: int) -> Any:
    if is_object(value):
        pairs = value.items() if depth < _DEEPEST else [("", _TOO_DEEP)]
        return {well_formed(str(key)): _storable(item, depth + 1) for key, item in pairs}
    if is_list(value):
        return [_storable(item, depth + 1) for item in value] if depth < _DEEPEST else _TOO_DEEP
    if value is None or isinstance(value, bool):
        return value
    fits = -(2**63) <= value < 2**64 if isinstance(value, int) else isinstance(value, float) and math.isfinite(value)
    return value if fits else well_formed(str(value))
