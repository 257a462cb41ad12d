"""What a test says of a run of its case: the gate's verdict on that run alone, and what rests on a judge in shadow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.gate import case_decision, in_force, repeat_verdict, shadows
from otel_i2e.gate.findings import lines, verdict_of
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Case, CaseDecision, CaseRun, Policy
from otel_i2e.store import Store
from otel_i2e.workflows.policy_file import read_policy
from otel_i2e.workflows.standing_file import known_standings

__all__ = ["Judgement", "judgement"]

_LONGEST: Final = 4000


class Judgement(NamedTuple):
    """What came of a run."""

    complaint: str | None
    """Input, output, expectation and every explanation of what is wrong with it; None when nothing is."""
    shadow: str | None
    """One line when the verdict rests on judges that may not block."""

    @property
    def fails(self) -> bool:
        """Whether something that may block says so, or it was not measured."""
        return self.complaint is not None and self.shadow is None


def judgement(settings: Settings, case: Case, run: CaseRun) -> Judgement:
    """The verdict on one run, under the policy of the settings and the standings of its judges.

    A judge without a valid calibration is a shadow: it reports, and fails nothing. Raises ConfigError for a policy
    file, DatasetError for the file of standings, StoreError.
    """
    policy = read_policy(settings.policy)
    with Store.of(settings).read() as reader:
        standings = known_standings(settings, reader)
    is_shadow = shadows(in_force(standings, policy, datetime.now(UTC)), policy)
    one = run.model_copy(update={"repeat": 0})
    alone = case.model_copy(update={"repeats": "all"})  # what must pass of several is no question for one of them
    decision = case_decision(alone, [one], repeats=1, policy=policy, is_shadow=is_shadow)
    said = None if decision.verdict == "passed" else _complaint(case, run, decision)
    if not decision.shadow or decision.verdict == "not_measured":
        return Judgement(said, None)
    judges = {
        f"{attempt.judge or attempt.scorer} {attempt.judge_version or attempt.scorer_version}"
        for attempt in run.attempts
        if verdict_of(attempt) is not None and is_shadow(attempt)
    }
    return Judgement(said, _in_shadow(case, decision, sorted(judges), policy))


def _in_shadow(case: Case, decision: CaseDecision, judges: list[str], policy: Policy) -> str:
    demoted = ", which counts as P1" if case.priority == "P0" and policy.P0 == "block" else ""
    name = f"case {line(case.id)} ({case.priority}{demoted})"
    because = f"without a valid calibration: {listed(judges)}; i2e calibrate"
    if decision.verdict == "passed":
        return f"{name} was passed only by a judge {because}"
    return f"{name} is failed only by a judge {because}: {'; '.join(decision.reasons)}"


def _complaint(case: Case, run: CaseRun, decision: CaseDecision) -> str:
    found = repeat_verdict(case, run)
    what = "failed" if decision.verdict == "failed" else "could not be measured"
    rows = [f"case {line(case.id)} ({case.priority}), repeat {run.repeat}, {what}; trace {run.trace_id}"]
    rows += [f"  {name + ':':<10}{line(value, _LONGEST)}" for name, value in _facts(case, run)]
    rows += [f"  - {line(one.what)}: {line(one.why, 1000)}" for one in (*found.failures, *found.unmeasured)]
    said = lines(found.unmeasured, 1)
    rows += [f"  - {line(more, 1000)}" for more in decision.unmeasured if more not in said]
    return "\n".join(rows)


def _facts(case: Case, run: CaseRun) -> Iterator[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("input", case.input),
        ("output", run.output if run.output is not None else "(no output)"),
        ("expected", case.expected),
        ("must", case.must),
        ("must_not", case.must_not),
        ("error", run.error),
    ]
    return ((name, value) for name, value in facts if value not in (None, [], ""))
