"""What a case's decision means for the run, in order of how much a reader must see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from otel_i2e.models import CaseDecision

__all__ = ["EFFECT_WORDS", "Effect", "effect_of", "worst_first"]

Effect = Literal["blocks", "needs_override", "not_measured", "warns", "overridden", "logged", "passed"]
EFFECT_WORDS: Final[dict[Effect, str]] = {
    "blocks": "fails, blocks",
    "needs_override": "fails until overridden",
    "not_measured": "not measured",
    "warns": "fails, warning",
    "overridden": "fails, overridden",
    "logged": "fails, logged",
    "passed": "passed",
}
"""In order, worst first."""


def effect_of(case: CaseDecision) -> Effect:
    """What the case does to the run."""
    if case.verdict == "passed":
        return "passed"
    if case.verdict == "not_measured":
        return "not_measured"
    if case.overridden is not None:
        return "overridden"
    effects: dict[str | None, Effect] = {"block": "blocks", "warn": "warns", "log": "logged"}
    return effects.get(case.action, "needs_override")


def worst_first(cases: Iterable[CaseDecision]) -> list[CaseDecision]:
    """The cases by effect; the dataset's order within one."""
    order = {effect: rank for rank, effect in enumerate(EFFECT_WORDS)}
    return sorted(cases, key=lambda case: order[effect_of(case)])
