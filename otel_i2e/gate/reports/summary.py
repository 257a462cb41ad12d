"""The decision in one line: the verdict, and how many cases stand how."""

from __future__ import annotations

from collections import Counter
from typing import Final

from otel_i2e.gate.reports.ranking import EFFECT_WORDS, Effect, effect_of
from otel_i2e.models import CaseDecision, Decision

__all__ = ["failure_rate", "summary"]

_VERDICTS: Final = {"pass": "pass", "fail": "FAIL", "undecided": "COULD NOT MEASURE"}
_WORDS: Final[dict[Effect, tuple[str, str]]] = {
    "blocks": ("blocks", "block"),
    "needs_override": ("fails until overridden", "fail until overridden"),
    "not_measured": ("was not measured", "were not measured"),
    "warns": ("fails with a warning", "fail with a warning"),
    "overridden": ("fails and is overridden", "fail and are overridden"),
    "logged": ("fails and is logged", "fail and are logged"),
    "passed": ("passed", "passed"),
}


def summary(decision: Decision) -> str:
    """`FAIL: of 6 cases 1 blocks, 2 fail until overridden, 3 passed`."""
    counts = Counter(effect_of(case) for case in decision.cases)
    parts = [f"{counts[effect]} {_WORDS[effect][counts[effect] > 1]}" for effect in EFFECT_WORDS if counts[effect]]
    number = f"of {len(decision.cases)} case{'' if len(decision.cases) == 1 else 's'} "
    return f"{_VERDICTS[decision.verdict]}: {number + ', '.join(parts) if parts else 'there are no cases'}"


def failure_rate(case: CaseDecision) -> str:
    """How often a repeat fails, with its 95 % interval: `50% (15–85%)`; empty where one run says nothing of it."""
    if case.failure_rate is None or case.measured_repeats < 2:
        return ""
    low, high = case.failure_interval
    return f"{case.failure_rate:.0%} ({100 * low:.0f}–{high:.0%})"
