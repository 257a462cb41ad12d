"""Values that an emitter printed instead of writing them as JSON: `{'id': 1, 'text': None}`, `<openai.Omit …>`."""

from __future__ import annotations

import re
from ast import literal_eval
from typing import Any, Final

from otel_i2e.normalize.raw import Json

__all__ = ["given_only", "printed"]

_LONGEST_NAME: Final = 200
_LONGEST: Final = 1_000_000  # parsing Python costs 100 times what JSON costs
_NOT_GIVEN: Final = re.compile(r"<[\w.]+ object at 0x[0-9a-fA-F]+>|NOT_GIVEN")
"""What the SDKs of OpenAI and Anthropic have in the place of arguments that were not given, and other objects."""


def given_only(arguments: Json) -> Json:
    """Arguments without those that are printed objects: they were not given, or cannot be known."""
    return {name: given for name, given in arguments.items() if not _is_object(given)}


def _is_object(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and _NOT_GIVEN.fullmatch(value) is not None


def printed(value: Any, longest: int = _LONGEST) -> Any:
    """The object or list in printed Python of at most `longest` characters; anything else as it is. Never raises."""
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) <= longest:
        try:
            return literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return value
