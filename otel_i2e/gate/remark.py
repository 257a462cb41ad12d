"""What one rule of the gate has to say of a run."""

from __future__ import annotations

from typing import Literal, NamedTuple

from otel_i2e.models.policy import RunAction

__all__ = ["Remark", "of_run"]


class Remark(NamedTuple):
    """One line, and what it does to the verdict."""

    effect: Literal["fail", "undecided", "note"]
    """`note` leaves the verdict alone."""
    text: str


def of_run(action: RunAction, text: str) -> Remark:
    """A finding about the whole run, as severe as the policy makes it."""
    return Remark("fail", text) if action == "block" else Remark("note", f"{text}; the policy only {action}s")
