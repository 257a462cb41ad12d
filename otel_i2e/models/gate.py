"""The gate's records: overrides, and the decision it comes to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from otel_i2e.models._contract import Contract
from otel_i2e.models.case import Priority
from otel_i2e.models.policy import Action, Policy

__all__ = [
    "CaseDecision",
    "CaseVerdict",
    "Change",
    "Comparison",
    "Decision",
    "GateVerdict",
    "Override",
    "OverrideState",
]

GateVerdict = Literal["pass", "fail", "undecided"]
"""`undecided`: something that had to be measured was not. Exit codes 0, 1, 2."""
CaseVerdict = Literal["passed", "failed", "not_measured"]
"""Of one case over its repeats."""
Change = Literal["new", "fixed", "regressed", "still_failing", "still_passing", "flaky", "not_measured", "none"]
"""How a case stands; against a baseline, where there is one."""


class Override(Contract):
    """Somebody's recorded decision to let one failing case pass once."""

    override_id: str = ""
    """Unique; empty for records of before there were ids."""
    experiment_id: str
    """The experiment whose failure it answers."""
    case_id: str
    """The case it is for."""
    reason: str = Field(min_length=1)
    """Why, in words."""
    by: str
    """Who."""
    created_at: datetime
    """UTC."""
    expires_at: datetime | None = None
    """From then on it does not count; None: it does not expire."""
    commit: str | None = None
    """The commit it is bound to; None, or a commit with changes on top, binds it to its experiment."""
    case_hash: str | None = None
    """What the case asked and checked; a changed case is another test."""
    scorer_versions: dict[str, str] = Field(default_factory=dict[str, str])
    """Failing scorer → its version; a failure by any other is not covered."""
    spent_on: str | None = None
    """The experiment that used it; it counts for no other."""


class OverrideState(Contract):
    """An override in a report, with what the gate made of it."""

    override: Override
    """The record."""
    counts: bool
    """Whether it lets its case pass."""
    why: str = ""
    """Why it does not count."""


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
    change: Change = "none"
    """How it stands: against the baseline, or `flaky` and `not_measured` without one."""
    passed_repeats: int
    """Repeats that passed."""
    measured_repeats: int
    """Repeats that were measured."""
    repeats: int
    """Repeats that were asked for."""
    failure_rate: float | None = None
    """Part of the measured repeats that failed; None of none, and when several models judged them."""
    failure_interval: tuple[float, float] = (0.0, 1.0)
    """Wilson's 95 % interval of the probability that a repeat fails."""
    stopped_early: bool = False
    """Whether repeats were left out because they could not have changed the verdict."""
    shadow: bool = False
    """Whether the verdict rests on judges that may not block."""
    several_models: bool = False
    """Whether several models answered for a judge of it: they are several judges, and its repeats make no rate."""
    unconfirmed: bool = False
    """Whether it failed, and every confirmation run passed."""
    action: Action | None = None
    """What its failure does; None when it did not fail."""
    overridden: Override | None = None
    """The override that lets it through."""
    reasons: tuple[str, ...] = ()
    """One line for each failed scorer or thing that could not be measured."""
    unmeasured: tuple[str, ...] = ()
    """Those of `reasons` that could not be measured; a failed case may have some."""
    failed_scorers: dict[str, str] = Field(default_factory=dict[str, str])
    """Scorer that failed → its version."""


class Comparison(Contract):
    """This run beside its baseline, over the cases that both measured and that are the same test."""

    test: Literal["mcnemar", "paired_repeats"]
    """Exact McNemar on the verdicts, or the exact sign-flip test on the passes of equally many repeats."""
    pairs: int
    """Cases compared."""
    broke: int
    """Passed before, fail now."""
    fixed: int
    """The other way."""
    drop: float
    """Pass rate before − now, over the pairs."""
    p_value: float
    """Of a drop as large without any change, one-sided."""
    significant: bool
    """Whether `p_value` is within the policy's `drop_alpha`."""


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
    comparison: Comparison | None = None
    """Against the baseline; None without one, or without a case in common."""
    detectable_drop: float | None = None
    """The smallest drop that this run finds in 8 of 10 such comparisons; None: it finds none."""
    sensitivity: str = ""
    """The same in words; a pass is never shown without it."""
    overrides: tuple[OverrideState, ...] = ()
    """Overrides of cases that do not pass, and those that no longer count."""
    override_debt: int = 0
    """Overrides of cases that do not pass now: each is a fix that is owed."""
    policy: Policy
    """The rules that were applied."""
    policy_from: str = ""
    """Where they came from: a file or `built-in`, the variable that named it, an option that changed it; or empty."""
    decided_at: datetime
    """UTC."""

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 could not measure."""
        return {"pass": 0, "fail": 1, "undecided": 2}[self.verdict]
