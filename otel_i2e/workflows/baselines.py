"""`latest` for a baseline: the last experiment that measured what is to be compared, and what was passed over.

An evaluation that was interrupted, of a part of the dataset, or in which things broke has the answers of a few cases:
a comparison with it would say nothing of the others, and nobody would notice. One that failed the gate is no measure
either: the drop for which it was stopped would be no drop when the same is evaluated again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from otel_i2e.errors import NotFound
from otel_i2e.gate import decide
from otel_i2e.gate.wording import listed
from otel_i2e.models import Experiment, JudgeStanding, Policy
from otel_i2e.store import Reader

__all__ = ["Baseline", "best_baseline", "last_complete"]

_STANDINGS: Final = {
    None: "the gate was not asked",
    "fail": "it failed the gate",
    "undecided": "the gate was undecided",
}
"""The gate's last word on an experiment, where it is no pass, in words."""


class Baseline(NamedTuple):
    """What `latest` is."""

    experiment: Experiment
    """The last complete one."""
    passed_over: tuple[str, ...] = ()
    """Later ones, `exp-… (it was interrupted)`."""
    doubt: str = ""
    """Why it is a poor measure, where there is none that passed the gate."""

    def note(self) -> str:
        """Which it is, and why no later one."""
        doubt = f", BUT {self.doubt}, and no complete one before has passed it" if self.doubt else ""
        later = f"; passed over: {listed(self.passed_over)}" if self.passed_over else ""
        found = self.experiment
        return f"`latest` is {found.experiment_id}, of {found.created_at:%Y-%m-%d %H:%M} UTC{doubt}{later}"


def last_complete(
    reader: Reader,
    rows: Sequence[Mapping[str, Any]],
    subject: Experiment,
    policy: Policy,
    standings: Sequence[JudgeStanding] = (),
    *,
    before: datetime | None,
) -> Baseline:
    """The last other experiment on the dataset of `subject`, before a time, that measured what `subject` did.

    `rows` are summaries of the stored experiments, the latest first. Raises NotFound, naming those that are incomplete.
    """
    candidates = list(_candidates(rows, subject, before))
    found, lacks = _first_complete(reader, candidates, subject, policy, standings)
    passed_over = tuple(f"{name} ({lack})" for name, lack in lacks.items())
    if found is not None:
        return Baseline(found, passed_over)
    when = f" before {subject.experiment_id}" if before is not None else f" beside {subject.experiment_id}"
    if not passed_over:
        raise NotFound(f"no experiment on {subject.dataset!r}{when}; leave --baseline out, or name another experiment")
    said = f"no complete experiment on {subject.dataset!r}{when}: {listed(passed_over)}"
    raise NotFound(f"{said}; name one by its id, or run i2e eval once more")


def best_baseline(
    reader: Reader,
    rows: Sequence[Mapping[str, Any]],
    subject: Experiment,
    policy: Policy,
    standings: Sequence[JudgeStanding] = (),
) -> Baseline:
    """The best measure for `subject`: the last complete experiment before it that passed the gate.

    Where none has, it is the last that no gate was asked about, or else the last of all, and `doubt` says so. Raises
    NotFound as `last_complete`.
    """
    candidates = list(_candidates(rows, subject, subject.created_at))
    found, lacks = _first_complete(reader, sorted(candidates, key=_rank), subject, policy, standings)
    if found is None:
        return last_complete(reader, rows, subject, policy, standings, before=subject.created_at)
    words = {row["experiment_id"]: _STANDINGS.get(row["decision"], "") for row in candidates}
    later = list(words)[: list(words).index(found.experiment_id)]
    passed_over = tuple(f"{name} ({lacks.get(name) or words[name]})" for name in later)
    return Baseline(found, passed_over, words[found.experiment_id])


def _rank(row: Mapping[str, Any]) -> int:
    """Those that passed the gate first, then those that no gate was asked about."""
    return {"pass": 0, None: 1}.get(row["decision"], 2)


def _first_complete(
    reader: Reader,
    rows: Iterable[Mapping[str, Any]],
    subject: Experiment,
    policy: Policy,
    standings: Sequence[JudgeStanding],
) -> tuple[Experiment | None, dict[str, str]]:
    """The first that measured what `subject` did, and what those before it lack, by their ids."""
    measured = _by_verdict(subject, policy, standings, measured=True)
    lacks: dict[str, str] = {}
    for row in rows:
        found = reader.experiment(row["experiment_id"])
        gaps = _by_verdict(found, policy, standings, measured=False)
        if (lack := _lack(found, subject, [one for one in gaps if one in measured])) is None:
            return found, lacks
        lacks[found.experiment_id] = lack
    return None, lacks


def _candidates(
    rows: Iterable[Mapping[str, Any]], subject: Experiment, before: datetime | None
) -> Iterable[Mapping[str, Any]]:
    for row in rows:
        earlier = before is None or row["created_at"] < before
        if row["dataset"] == subject.dataset and row["experiment_id"] != subject.experiment_id and earlier:
            yield row


def _by_verdict(
    experiment: Experiment, policy: Policy, standings: Sequence[JudgeStanding], *, measured: bool
) -> list[str]:
    """Ids of its cases that were measured, or that were not."""
    cases = decide(experiment, policy, standings=standings, now=experiment.created_at).cases
    return [one.case_id for one in cases if (one.verdict != "not_measured") is measured]


def _lack(found: Experiment, subject: Experiment, gaps: Sequence[str]) -> str | None:
    """What it lacks to be compared with; None when it is complete."""
    if not found.cases:
        return "nothing could run"
    if found.metadata.get("interrupted"):
        return "it was interrupted"
    if missing := _not_selected(found, subject):
        return f"it left out {listed(missing, 2)}"
    return f"not measured: {listed(gaps, 2)}" if gaps else None


def _not_selected(found: Experiment, subject: Experiment) -> list[str]:
    """Cases of `subject` in suites of which only a part was evaluated; a case that came later is no such."""
    known: Any = found.metadata.get("dataset_suites")
    if not isinstance(known, Mapping):
        return []
    sizes = cast("Mapping[str, Mapping[str, int]]", known)
    evaluated, here = Counter(case.suite for case in found.cases), {case.id for case in found.cases}
    short = {suite for suite, size in sizes.items() if evaluated[suite] < sum(size.values())}
    return [case.id for case in subject.cases if case.id not in here and case.suite in short]
