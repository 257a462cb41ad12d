"""What is known of a span beyond its own attributes, kept until the span is encoded.

A span's attributes are frozen when it ends, and the Anthropic SDK ends a stream's span before anybody
could add what the application read of it. So a supplement is registered under the span's id while the
call runs, and the encoder lets it complete the record. Nothing of it reaches the application's other
exporters.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

__all__ = ["ExtraEvent", "Supplement", "add_supplement", "take_supplement"]

_LIMIT: Final = 10_000  # spans that never end, such as those of another provider, must not fill the memory
_waiting: Final[dict[int, Supplement]] = {}


class ExtraEvent(NamedTuple):
    """An event to add to a span."""

    name: str
    time_ns: int
    """Nanoseconds since the epoch."""
    attributes: dict[str, Any]


class Supplement(Protocol):
    """Completes one span's record."""

    def complete(self, attributes: dict[str, Any], *, failed: bool) -> list[ExtraEvent]:
        """Add to `attributes` what they lack, and give the events to add. `failed`: the span's status is error.

        Called once, on the recording thread.
        """
        ...


def add_supplement(span_id: int, supplement: Supplement) -> None:
    """Register `supplement` for the span; a later one replaces it."""
    if len(_waiting) >= _LIMIT:
        for oldest in list(_waiting)[: _LIMIT // 10]:
            _waiting.pop(oldest, None)
    _waiting[span_id] = supplement


def take_supplement(span_id: int) -> Supplement | None:
    """The span's supplement, which is then forgotten."""
    return _waiting.pop(span_id, None) if _waiting else None
