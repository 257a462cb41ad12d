"""When two texts count as the same: Unicode compatibility forms, whitespace and case do not matter."""

from __future__ import annotations

import unicodedata

__all__ = ["folded"]


def folded(text: str) -> str:
    """`text` in NFKC, case-folded (Unicode 3.13, default caseless matching), runs of whitespace as one space."""
    if text.isascii():  # the normal forms change nothing there
        return " ".join(text.casefold().split())
    caseless = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(caseless.split())
