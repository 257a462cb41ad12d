"""JSON text in and out, for values that others made: whatever is given, valid JSON text comes out.

orjson does the work. What it refuses (a lone surrogate, nesting beyond 254) is mended, never raised: the
column takes JSON that every reader can parse. Integers beyond 64 bits, which it takes for floats, keep their digits.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, Final, TypeGuard

import orjson

__all__ = [
    "SORTED",
    "dumps",
    "exact",
    "is_list",
    "is_object",
    "loads",
    "loads_as_python",
    "loads_exact",
    "loads_strict",
    "mended",
    "parse_if_json",
    "well_formed",
]

SORTED: Final = orjson.OPT_SORT_KEYS
_DEEPEST: Final = 250
_TOO_DEEP: Final = "… (nested too deeply)"
_DIGITS: Final = bytes(ord("0") if 48 <= byte < 58 else ord("-") if byte == 45 else 32 for byte in range(256))
_SURE_DIGITS: Final = 20
_LONG: Final = b"0" * _SURE_DIGITS
_LONG_NEGATIVE: Final = b"-" + b"0" * (_SURE_DIGITS - 1)
_STRIDE: Final = 6
_SEEN: Final = b"0" * (_SURE_DIGITS // _STRIDE)
"""So many digits of every sixth character at least are seen of a number that is too long: most texts need no more."""
_ESCAPES: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def dumps(value: Any, option: int = 0) -> str:
    """Compact JSON text of `value`, with orjson's options. Never raises; what UTF-8 cannot hold becomes U+FFFD."""
    try:
        return orjson.dumps(value, None, option).decode()
    except (TypeError, ValueError):
        return _written(_storable(value, 0), option)


def loads(text: str | bytes) -> Any:
    """The value of JSON text, lone surrogates mended. Raises ValueError."""
    try:
        return orjson.loads(text)
    except ValueError:
        better = mended(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        if better == text:
            raise
        return orjson.loads(better)


def loads_as_python(text: str) -> Any:
    """What `json.loads` gives, and raises, in less than half of its time."""
    try:
        value = orjson.loads(text)
    except ValueError:  # NaN, a lone surrogate, deep nesting; and of what is no JSON at all, the usual words
        return json.loads(text)
    return json.loads(text) if _may_have_long_number(text) else value


def loads_exact(text: str) -> Any:
    """As `loads`, and integers beyond 64 bits keep every digit. Raises ValueError."""
    return exact(text, loads(text))


def loads_strict(text: str, *, finite: bool = True) -> Any:
    """The value of `text`, where every reader takes it for the same JSON: nothing is settled silently.

    Raises ValueError, with a sentence for a person, for a key that is there twice, of which the last would count; for
    NaN and Infinity, which are no JSON; where it is to be `finite`, for 1e999, which would be infinite; and for what is
    nested too deeply. Of what is no JSON at all it raises JSONDecodeError.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_no_twins, parse_constant=_no_constants, parse_float=_finite if finite else None
        )
    except RecursionError:
        raise ValueError("not JSON that can be read: it is nested too deeply") from None


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twin = min(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"key {twin!r} is there twice, and only the last would count; it must be there once")
    return found


def _no_constants(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; it must be a number or null")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large for a number; write a smaller one, or text")
    return number


def exact(text: str, value: Any) -> Any:
    """`value`, read from JSON `text`; read again where an integer in it has more digits than 64 bits can be sure of."""
    if not _may_have_long_number(text):
        return value
    try:
        return json.loads(mended(text))
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        return value


def _may_have_long_number(text: str) -> bool:
    """Whether as many digits as 64 bits cannot be sure of stand together in `text`."""
    if len(text) < _SURE_DIGITS or _SEEN not in _digits(text[::_STRIDE]):
        return False
    digits = _digits(text)
    return _LONG in digits or _LONG_NEGATIVE in digits


def _digits(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(_DIGITS)


def parse_if_json(text: str) -> Any:
    """The value when `text` is a JSON object, array or quoted text; else `text` itself.

    A bare number or word stays text: a tool that answers `007` or `true` answered with text.
    """
    if text[:1] in ("{", "[", '"') or text[:1].isspace():
        try:
            value = loads_exact(text)
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
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return well_formed(str(value))


def _written(value: Any, option: int) -> str:
    try:
        return orjson.dumps(value, None, option).decode()
    except TypeError:  # an integer beyond 64 bits
        ordered = bool(option & orjson.OPT_SORT_KEYS)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=ordered)
