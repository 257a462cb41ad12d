"""How a case stands: against itself before, and against its own repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_i2e.gate.runs import served_models
from otel_i2e.models import Case, CaseDecision, CaseRun, CaseVerdict, Change, Outcome
from otel_i2e.stats import fisher_drop

__all__ = ["change_of", "changed_scorers", "same_test", "test_hash_parts"]

_SURE: Final = 0.05
_CHANGES: Final[Mapping[tuple[CaseVerdict, CaseVerdict], Change]] = {
    ("failed", "passed"): "fixed",
    ("passed", "failed"): "regressed",
    ("failed", "failed"): "still_failing",
    ("passed", "passed"): "still_passing",
}


def change_of(now: CaseDecision, at: CaseDecision, before: CaseDecision | None, *, comparable: bool) -> Change:
    """The change since the baseline; `new` when the baseline has no such test.

    `at` is the decision from as many repeats as `before`: a verdict over five is not held against one over one. A case
    whose repeats disagree is `flaky`, unless the repeats of the baseline say for certain (Fisher's exact test,
    one-sided, 0.05) that it got worse or better. `none` when the baseline did not measure it.
    """
    if now.verdict == "not_measured":
        return "not_measured"
    if before is None or not comparable:
        return "flaky" if _flaky(now) else "new"
    change: Change = _CHANGES.get((before.verdict, at.verdict), "none")
    return "flaky" if _flaky(now) and not _is_sure(change, now, before) else change


def same_test(a: Case, b: Case) -> bool:
    """Whether two cases with one id ask the same and check the same, so that their verdicts can be compared."""
    return test_hash_parts(a) == test_hash_parts(b)


def test_hash_parts(case: Case) -> tuple[Any, ...]:
    """What makes a case the test that it is: what the task and the scorers are given, and what is checked."""
    given = case.context.model_dump(mode="json"), case.metadata
    return case.input, case.expected, *given, case.must, case.must_not, case.scorers


def changed_scorers(now: Sequence[CaseRun], before: Sequence[CaseRun]) -> list[str]:
    """Scorers of a case that are not the same ones as in the baseline: their verdicts cannot be compared.

    One that only one of the two has is such a scorer, unless it gives no verdict. A judge is another one, too, when
    another model answered for it; one that several answered for is no single one.
    """
    ones, others = _versions(now), _versions(before)
    if not ones or not others:  # a task that broke was not scored, by whatever scorers
        return []
    models, models_before = served_models(now), served_models(before)
    common = models.keys() & models_before.keys()
    served = [name for name in common if len(models[name] | models_before[name]) > 1]
    return sorted({*served, *(name for name in ones.keys() | others.keys() if ones.get(name) != others.get(name))})


def _versions(runs: Sequence[CaseRun]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for run in runs:
        for attempt in run.attempts:
            if attempt.outcome is not Outcome.SCORED or attempt.passed is not None:
                found.setdefault(attempt.scorer, set()).add(attempt.scorer_version)
    return found


def _flaky(case: CaseDecision) -> bool:
    if case.several_models:  # which of the judges was wrong, or whether the answers differ, nobody knows
        return False
    return case.unconfirmed or 0 < case.passed_repeats < case.measured_repeats


def _is_sure(change: Change, now: CaseDecision, before: CaseDecision) -> bool:
    counts = (before.passed_repeats, before.measured_repeats, now.passed_repeats, now.measured_repeats)
    if change == "regressed":
        return not now.unconfirmed and fisher_drop(*counts) <= _SURE
    return change == "fixed" and fisher_drop(counts[2], counts[3], counts[0], counts[1]) <= _SURE
