"""What a scorer or a judge wrote, as the store can hold it and a terminal can show it.

Half of a surrogate pair is no character (RFC 3629), NaN is no JSON: one of them would keep the rows of a whole
pass out of the store.
"""

from __future__ import annotations

import json

from otel_i2e.models import Json
from otel_i2e.models.json_text import well_formed

__all__ = ["one_line", "storable_json"]


def storable_json(values: Json) -> Json:
    """`values` as JSON has it: numbers that are not finite and objects become text."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return json.loads(well_formed(text), parse_constant=str)


def one_line(text: str) -> str:
    """`text` on one line, what cannot be printed made visible, so that it can move no cursor."""
    flat = " ".join(well_formed(text).split())
    return "".join(char if char.isprintable() else _visible(char) for char in flat) or "no message"


def _visible(char: str) -> str:
    return repr(char)[1:-1]
