"""How much content says: of two forms of one thing, the richer is kept."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.normalize.raw import is_list, is_object

__all__ = ["PLACEHOLDERS", "richness"]

PLACEHOLDERS: Final = ("__REDACTED__", "<REDACTED>", "[REDACTED]")  # a tuple: long texts need not be hashed
"""What emitters put in the place of content that they were told to hide."""
_WHAT_IT_IS: Final = frozenset({"type", "role", "modality"})
_FORM: Final = frozenset(
    {
        "parts",
        "content",
        "id",
        "name",
        "arguments",
        "response",
        "finish_reason",
        "description",
        "parameters",
        "metadata",
    }
)


def richness(value: Any) -> int:
    """How many characters of `value` say something: neither the form that we give it, nor a placeholder or a null."""
    said = 0
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            said += 0 if one in PLACEHOLDERS else len(one)
        elif is_object(one):
            for name, inner in one.items():
                if name not in _WHAT_IT_IS and inner is not None:
                    left.append(inner)
                    said += 0 if name in _FORM else len(name)
        elif is_list(one):
            left += one
        elif one is not None:
            said += len(str(one))
    return said
