"""A dataset that was evaluated in parts, as the gate must know: a decision on the last part says nothing of the others.

`i2e eval d --suite fast`, then `--suite safety`, then `i2e gate`: the latest experiment is of the second suite alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from otel_i2e.gate import decide
from otel_i2e.gate.wording import line
from otel_i2e.models import Experiment, JudgeStanding, Override, Policy
from otel_i2e.store import Reader

__all__ = ["undecided_parts"]


def undecided_parts(
    reader: Reader,
    rows: Sequence[Mapping[str, Any]],
    subject: Experiment,
    policy: Policy,
    *,
    overrides: Sequence[Override] = (),
    standings: Sequence[JudgeStanding] = (),
) -> Iterator[str]:
    """A line for each experiment before `subject` that evaluated other cases of the same, clean commit and does not
    pass, and that no gate decided on. `rows` are summaries of the stored experiments, the latest first.
    """
    if not subject.commit or subject.commit.endswith("-dirty"):
        return  # the code may have changed between the two
    seen = {case.id for case in subject.cases}
    for row in rows:
        of_it = row["dataset"] == subject.dataset and row["commit"] == subject.commit
        if not of_it or not row["cases"] or row["created_at"] >= subject.created_at:
            continue
        part = reader.experiment(row["experiment_id"])
        others = [case.id for case in part.cases if case.id not in seen]
        seen.update(others)
        if not others or row["decision"] is not None:
            continue
        found = decide(part, policy, None, overrides, standings=standings, now=datetime.now(UTC))
        if found.verdict != "pass":
            cases = f"{len(others)} other case{'' if len(others) == 1 else 's'} of {line(subject.dataset, 80)}"
            yield (
                f"{part.experiment_id} evaluated {cases} at the same commit, no gate decided on it, and it does not "
                f"pass: {line(found.reasons[0] if found.reasons else found.verdict)}; "
                f"i2e gate --experiment {part.experiment_id}, or evaluate all in one"
            )
