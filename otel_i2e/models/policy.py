"""The gate's rules: a TOML file with these names."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from otel_i2e.models._contract import Contract
from otel_i2e.models.case import Priority
from otel_i2e.models.reducer import Reducer

__all__ = ["SEVEREST_FIRST", "Action", "Policy", "RunAction", "ScorerRule", "SliceRule", "SuiteRule"]

Action = Literal["block", "override", "warn", "log"]
"""What a failing case does: `block` fails the run; `override` fails it until overridden; the others report."""
SEVEREST_FIRST: Final[tuple[Action, ...]] = ("block", "override", "warn", "log")
"""Every action, that which holds a release back most first."""
RunAction = Literal["block", "warn", "log"]
"""What a finding about the whole run does: nobody can override one."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""Neither `true` nor `"0.9"`; an infinite threshold or budget would be none."""
Count = Annotated[int, Field(strict=True)]
Fraction = Annotated[Number, Field(ge=0, le=1)]


class SuiteRule(Contract):
    """What one suite needs: the table `[suites.NAME]`."""

    threshold: Fraction | None = None
    """Part of its cases that must pass; None is `suite_threshold`."""
    repeats: Reducer | None = None
    """Which repeats of its cases must pass; None is `repeats`."""
    min_cases: Count = Field(default=1, ge=1)
    """Fewer cases than this, decided by what may block, are no measurement. A suite with a rule has at least one."""


class ScorerRule(Contract):
    """What one scorer must say: the table `[scorers.NAME]`."""

    threshold: Number | None = None
    """The value at or above which a score passes, instead of the one it was scored with."""
    pass_rate: Fraction | None = None
    """Part of the runs it gave a verdict on that must pass."""


class SliceRule(Contract):
    """What the cases of a slice need: the table `[slices.TAG]` or `[slices."field=value"]`, of `metadata`."""

    threshold: Fraction
    """Part of the slice's cases that must pass."""


class Policy(Contract):
    """The rules of the gate; a TOML file with these names."""

    P0: Action = "block"
    """What a failing P0 case does."""
    P1: Action = "override"
    """What a failing P1 case does."""
    P2: Action = "log"
    """What a failing P2 case does."""
    suite_threshold: Fraction = 0.95
    """Part of a suite's cases that must pass (overridden cases count as neither)."""
    repeats: Reducer = "all"
    """Which repeats of a case must pass; a case's own `repeats` wins, then its suite's."""
    unconfirmed: Action = "warn"
    """What a failing case does when every confirmation run of it passed (`i2e eval --confirm`)."""
    required_suites: tuple[str, ...] = ()
    """Suites without which, and without any case of which, there is no decision."""
    min_coverage: Fraction = 1.0
    """Part of the selected cases that must be measured in full; a P0 case must be, whatever this says."""
    max_errors: Count = Field(default=0, ge=0)
    """Errors of tasks and scorers that an incomplete run may have; counts only where `min_coverage` is below 1."""
    uncalibrated_judge: Literal["undecided", "demote", "allow"] = "demote"
    """What a judge without a valid calibration may do to a P0 case: leave it undecided, count as P1, or block."""
    standing_days: Count | None = Field(default=None, ge=1)
    """Days after its last calibration or check that a judge may block; None is without end."""
    drop: RunAction = "block"
    """What a significant drop against the baseline does."""
    drop_alpha: Number = Field(default=0.05, gt=0, le=0.5)
    """The false alarms that the test for a drop may give, one-sided."""
    latency_p95_ms: Number | None = Field(default=None, gt=0)
    """Milliseconds that 95 % of the runs must not exceed."""
    cost_per_run_usd: Number | None = Field(default=None, ge=0)
    """US dollars that a run may cost on average."""
    budgets: RunAction = "block"
    """What a run over its latency or cost budget does."""
    suites: dict[str, SuiteRule] = Field(default_factory=dict[str, SuiteRule])
    """By name."""
    scorers: dict[str, ScorerRule] = Field(default_factory=dict[str, ScorerRule])
    """By name."""
    slices: dict[str, SliceRule] = Field(default_factory=dict[str, SliceRule])
    """By tag, or `field=value`."""

    def action(self, priority: Priority) -> Action:
        """What a failing case of `priority` does."""
        actions: dict[Priority, Action] = {"P0": self.P0, "P1": self.P1, "P2": self.P2}
        return actions[priority]

    def failing_on(self, least: Priority | None) -> Policy:
        """The policy under which failing cases of `least` and above fail the run, and those below do not.

        Where it says so already, its action stays. None changes nothing.
        """
        if least is None:
            return self
        return self.model_copy(update={one: self._failing(one, fails=one <= least) for one in ("P0", "P1", "P2")})

    def _failing(self, priority: Priority, *, fails: bool) -> Action:
        action = self.action(priority)
        if fails == (action in ("block", "override")):
            return action
        return "warn" if not fails else "block" if priority == "P0" else "override"

    def threshold(self, suite: str) -> float:
        """Part of a suite's cases that must pass."""
        rule = self.suites.get(suite)
        return self.suite_threshold if rule is None or rule.threshold is None else rule.threshold

    def reducer(self, suite: str, own: Reducer | None = None) -> Reducer:
        """Which repeats must pass of a case of `suite` whose own word is `own`."""
        rule = self.suites.get(suite)
        return own or (rule.repeats if rule is not None else None) or self.repeats
