"""What a Claude model's id says of it: whether it is pinned, and what the model takes.

From the 4.6 generation on an id names one pinned version. Before, only an id with a date does; without one, and with
`-latest`, it is an alias that moves (platform.claude.com/docs/en/about-claude/models/model-ids-and-versions).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["generation_of", "is_pinned", "takes_temperature"]

_NEW: Final = re.compile(r"claude-[a-z]+-(\d{1,2})(?:-(\d{1,2})(?!\d))?")
_OLD: Final = re.compile(r"claude-(\d{1,2})(?:[-.](\d{1,2}))?-[a-z]+")
_DATE: Final = re.compile(r"-\d{8}(?:-v\d+(?::\d+)?)?$")


def generation_of(model: str) -> tuple[int, int] | None:
    """`(4, 6)` of `claude-opus-4-6`, also where a platform puts `anthropic.` before it; None when it cannot be told."""
    name = model.rpartition("anthropic.")[2].partition("@")[0]
    found = _NEW.match(name) or _OLD.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else None


def is_pinned(model: str) -> bool:
    """Whether the id names one version for good. An id that is not Anthropic's is taken at its word."""
    if model.endswith("-latest"):
        return False
    generation = generation_of(model)
    return generation is None or generation >= (4, 6) or _DATE.search(model.replace("@", "-")) is not None


def takes_temperature(model: str) -> bool:
    """False for models that refuse it: those after Claude 4.6. What cannot be told is left to the API."""
    generation = generation_of(model)
    return generation is None or generation <= (4, 6)
