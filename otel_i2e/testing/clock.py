"""A clock that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["FixedClock"]


class FixedClock:
    """Callable like `datetime.now(UTC)`; give it where a function takes `now`."""

    def __init__(self, at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self._at

    def forward(self, **units: float) -> None:
        """Move on by what `timedelta` takes: `clock.forward(hours=3)`."""
        self._at += timedelta(**units)
