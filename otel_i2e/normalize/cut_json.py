"""JSON text that was cut off at a limit of so many bytes: what stood before the cut is still read.

Our own capture, the OpenTelemetry SDK (`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`) and backends cut attributes
like any text, and messages are JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from otel_i2e.models.json_text import loads, loads_exact

__all__ = ["left_of", "loads_cut"]

_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},]|"', re.DOTALL)
_HALF_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?\Z")
_CLOSES: Final = {"[": "]", "{": "}"}
_BEGINS: Final = ('[{"', '{"')


def loads_cut(text: str) -> Any:
    """The value of what is left of JSON text: of a text its beginning, of a number or word nothing.

    Raises ValueError when `text` does not begin like an object or a list of objects.
    """
    if text.startswith(_BEGINS):
        for whole in _completions(text):
            try:
                return loads(whole)
            except ValueError:
                continue
    raise ValueError("not the beginning of JSON")


def left_of(value: Any) -> tuple[Any, bool]:
    """What JSON text holds, or of cut text what is left, and whether it was cut; anything else as it is."""
    if not isinstance(value, str):
        return value, False
    try:
        return loads_exact(value), False
    except ValueError:
        with suppress(ValueError):
            return loads_cut(value), True
    return value, False


def _completions(text: str) -> Iterator[str]:
    """Ways to complete `text`, that which keeps most of it first."""
    still_open: list[str] = []
    whole, closed_since = 0, list[str]()
    for token in _TOKEN.finditer(text):
        kind = token[0]
        if kind in _CLOSES:
            still_open.append(_CLOSES[kind])
            whole, closed_since = token.end(), []
        elif kind in ("]", "}"):
            closed_since += still_open[-1:]
            del still_open[-1:]
        elif kind == ",":
            whole, closed_since = token.start(), []
        elif kind == '"':  # a text without an end: what is left of it
            text = _HALF_ESCAPE.sub(r"\1", text) + '"'
            break
    closing = "".join(reversed(still_open))
    yield text + closing
    yield text + ":null" + closing
    yield text + "null" + closing
    yield text[:whole] + "".join(closed_since) + closing
