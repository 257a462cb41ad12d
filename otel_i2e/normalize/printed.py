"""Values that an emitter printed instead of writing them as JSON: `{'id': 1, 'text': None}`."""

from __future__ import annotations

from ast import literal_eval
from typing import Any, Final

__all__ = ["printed"]

_LONGEST: Final = 1_000_000  # parsing Python costs 100 times what JSON costs


def printed(value: Any, longest: int = _LONGEST) -> Any:
    """The object or list in printed Python of at most `longest` characters; anything else as it is. Never raises."""
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) <= longest:
        try:
            return literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return value
