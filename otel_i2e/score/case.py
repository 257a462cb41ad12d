"""The scorers that a case carries in `must` and `must_not`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from otel_i2e.errors import DatasetError, ScorerError
from otel_i2e.models import Case, JudgePrompt
from otel_i2e.score.catalogue import checks
from otel_i2e.score.checks.must import must, must_not
from otel_i2e.score.scorer import Scorer

__all__ = ["check_scorers"]


def check_scorers(case: Case, prompts: Mapping[str, JudgePrompt] | None = None) -> list[Scorer]:
    """One scorer for each entry, named after it (`must: contains '30 days'`), in order.

    `prompts` has the judge prompts; criteria in words need `must` and `must_not` there
    (`workflows.scoring.case_scorers` gives them). DatasetError names the case, the entry and the rule.
    """
    prompts = prompts or {}
    known = checks(prompts)
    found: list[Scorer] = []
    for kind, entries, make in (("must", case.must, must), ("must_not", case.must_not, must_not)):
        for position, entry in enumerate(entries):
            try:
                found.append(make(entry, known, prompts))
            except ScorerError as error:
                raise DatasetError(f"case {case.id!r}: {kind}[{position}]: {error}") from None
    return _told_apart(found)


def _told_apart(scorers: list[Scorer]) -> list[Scorer]:
    """Equal names are numbered, so that each result can be named."""
    seen: Counter[str] = Counter()
    named: list[Scorer] = []
    for scorer in scorers:
        seen[scorer.name] += 1
        count = seen[scorer.name]
        named.append(scorer if count == 1 else replace(scorer, name=f"{scorer.name} ({count})"))
    return named
