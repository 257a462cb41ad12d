"""The gate: policy, override, and the decision it comes to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from otel_i2e.models._contract import Contract
from otel_i2e.models.case import Priority

__all__ = ["Action", "CaseDecision", "CaseVerdict", "Decision", "GateVerdict", "Override", "Policy"]

Action = Literal["block", "override", "warn", "log"]
"""What a failing case does: `block` fails the run; `override` fails it until overridden; the others report."""
GateVerdict = Literal["pass", "fail", "undecided"]
"""`undecided`: something that had to be measured was not. Exit codes 0, 1, 2."""
CaseVerdict = Literal["passed", "failed", "not_measured"]
"""Of one case over its repeats."""


class Policy(Contract):
    """The rules of the gate; a TOML file with these names."""

    P0: Action = "block"
    """What a failing P0 case does."""
    P1: Action = "override"
    """What a failing P1 case does."""
    P2: Action = "log"
    """What a failing P2 case does."""
    suite_threshold: float = Field(default=0.95, ge=0, le=1)
    """Part of a suite's cases that must pass (overridden cases count as neither)."""
    repeats: Literal["all", "any"] = "all"
    """Which repeats of a case must pass."""

    def action(self, priority: Priority) -> Action:
        """What a failing case of `priority` does."""
        actions: dict[Priority, Action] = {"P0": self.P0, "P1": self.P1, "P2": self.P2}
        return actions[priority]


class Override(Contract):
    """Somebody's recorded decision to let one failing case pass once."""

    experiment_id: str
    """The experiment it is for."""
    case_id: str
    """The case it is for."""
    reason: str = Field(min_length=1)
    """Why, in words."""
    by: str
    """Who."""
    created_at: datetime
    """UTC."""


class CaseDecision(Contract):
    """What the gate says of one case."""

    case_id: str
    """The case."""
    priority: Priority
    """Its priority."""
    suite: str
    """Its suite."""
    verdict: CaseVerdict
    """Over all repeats."""
    change: Literal["new", "fixed", "regressed", "still_failing", "still_passing", "none"] = "none"
    """Against the baseline; `none` without one."""
    passed_repeats: int
    """Repeats that passed."""
    measured_repeats: int
    """Repeats that were measured."""
    repeats: int
    """Repeats that were asked for."""
    action: Action | None = None
    """What its failure does; None when it did not fail."""
    overridden: Override | None = None
    """The override that lets it through."""
    reasons: tuple[str, ...] = ()
    """One line for each failed scorer or thing that could not be measured."""
    unmeasured: tuple[str, ...] = ()
    """Those of `reasons` that could not be measured; a failed case may have some. While any is left, no run passes."""


class Decision(Contract):
    """What the gate says of an experiment."""

    verdict: GateVerdict
    """Pass, fail or undecided."""
    experiment_id: str
    """The experiment."""
    baseline_id: str | None = None
    """What it was compared with."""
    dataset: str
    """The dataset."""
    cases: tuple[CaseDecision, ...]
    """In the dataset's order."""
    reasons: tuple[str, ...]
    """One line for each thing that made the verdict, worst first."""
    policy: Policy
    """The rules that were applied."""
    decided_at: datetime
    """UTC."""

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 could not measure."""
        return {"pass": 0, "fail": 1, "undecided": 2}[self.verdict]
