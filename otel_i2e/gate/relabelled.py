"""Cases that mattered more in the baseline: a failure does not become harmless by a label that changed with it."""

from __future__ import annotations

from collections.abc import Iterator

from otel_i2e.gate.remark import Remark
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import SEVEREST_FIRST, Case, Experiment, Policy

__all__ = ["at_highest_priority", "relabelled_remarks"]


def at_highest_priority(experiment: Experiment, baseline: Experiment | None, policy: Policy) -> Experiment:
    """The experiment with each case at its own priority or that in the baseline, whichever holds a release back."""
    raised = {now.id: before.priority for now, before in _lowered(experiment, baseline, policy)}
    cases = tuple(
        case.model_copy(update={"priority": raised[case.id]}) if case.id in raised else case
        for case in experiment.cases
    )
    return experiment.model_copy(update={"cases": cases}) if raised else experiment


def relabelled_remarks(experiment: Experiment, baseline: Experiment | None, policy: Policy) -> list[Remark]:
    """Which cases are decided by the priority that they had, and which P0 cases are gone."""
    if baseline is None:
        return []
    said: list[str] = []
    lowered = [
        f"{line(now.id, 80)} ({before.priority}, now {now.priority})"
        for now, before in _lowered(experiment, baseline, policy)
    ]
    if lowered:
        said.append(
            f"RELABELLED since the baseline {baseline.experiment_id}, and decided by the higher priority: "
            f"{listed(lowered, 10)}; a gate without --baseline goes by the new one"
        )
    here = {case.id for case in experiment.cases}
    gone = [case.id for case in baseline.cases if case.priority == "P0" and case.id not in here]
    if gone:
        said.append(
            f"P0 GONE: the baseline {baseline.experiment_id} has P0 cases that are not here: {listed(gone, 10)}"
        )
    return [Remark("note", text) for text in said]


def _lowered(experiment: Experiment, baseline: Experiment | None, policy: Policy) -> Iterator[tuple[Case, Case]]:
    """Cases now and in the baseline, where their failure does less now."""
    before = {case.id: case for case in baseline.cases} if baseline is not None else {}
    for case in experiment.cases:
        then = before.get(case.id)
        if then is not None and _weight(then, policy) < _weight(case, policy):
            yield case, then


def _weight(case: Case, policy: Policy) -> tuple[int, str]:
    return SEVEREST_FIRST.index(policy.action(case.priority)), case.priority
