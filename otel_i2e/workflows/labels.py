"""Labels: what people say of spans, how far they agree, and which spans to look at next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

from pydantic import Field, ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, NotFound, UsageError
from otel_i2e.models import Case, Contract, Label
from otel_i2e.models.json_text import loads_strict
from otel_i2e.score import Scorer
from otel_i2e.stats import cohen_kappa, fleiss_kappa, krippendorff_alpha
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.author import author
from otel_i2e.workflows.scorers import Loaded, case_scorers, load_all, named
from otel_i2e.workflows.trace_roots import ROOT_OF_TARGET

__all__ = [
    "Agreement",
    "Labelled",
    "PairAgreement",
    "add_label",
    "agreement",
    "consensus",
    "import_labels",
    "next_to_label",
]

_SPAN: Final = f"""
SELECT trace_id, span_id, case_id, experiment_id FROM spans
WHERE duplicate_of IS NULL AND (starts_with(span_id, $target) OR {ROOT_OF_TARGET})
LIMIT 2
"""
_RUN: Final = """
SELECT r.trace_id, r.span_id, r.case_id, r.experiment_id FROM experiment_runs r JOIN experiments e USING (experiment_id)
WHERE r.case_id = $target AND r.span_id IS NOT NULL AND ($experiment IS NULL OR starts_with(experiment_id, $experiment))
ORDER BY e.created_at DESC, r.repeat LIMIT 1
"""
# What a criterion of a case asked can be answered where the case is known: in an experiment, not in a run of pytest.
# Passes and fails in turn: a judge that passes nearly everything is measured on its fails too.
_NEXT: Final = """
WITH judged AS (
  SELECT trace_id, span_id, name, arg_max(passed, created_at) AS passed,
    coalesce(bool_or((metadata ->> '$.judge') <> name), false) AS of_case
  FROM scores
  WHERE (name = $scorer OR (metadata ->> '$.judge') = $scorer) AND span_id IS NOT NULL AND NOT EXISTS (
    FROM labels l WHERE l.span_id = scores.span_id AND l.scorer = scores.name AND l.reviewer = $reviewer)
  GROUP BY ALL
)
SELECT s.trace_id, s.span_id, judged.name AS scorer, s.input_text, s.output_text
FROM judged JOIN spans s USING (trace_id, span_id)
WHERE NOT judged.of_case OR EXISTS (FROM experiments e WHERE e.experiment_id = s.experiment_id)
ORDER BY row_number() OVER (PARTITION BY judged.passed ORDER BY hash(s.span_id)), s.span_id, judged.name
LIMIT $limit
"""


class Labelled(NamedTuple):
    """A span and what most of its reviewers say."""

    trace_id: str
    span_id: str
    case_id: str | None
    scorer: str
    """The scorer whose question they answered."""
    passed: bool | None
    """None: evenly split."""


class PairAgreement(Contract):
    """Two reviewers, on what both labelled."""

    reviewers: tuple[str, str]
    """Who."""
    spans: int
    """Spans that both labelled."""
    kappa: float | None
    """Cohen's kappa; None when both saw one kind only."""


class Agreement(Contract):
    """How far reviewers agree. A coefficient is None where it does not apply or there is nothing to go by."""

    scorer: str
    """The scorer whose question was answered."""
    spans: int
    """Spans with a label."""
    reviewed_twice: int
    """Spans with labels of two reviewers or more."""
    reviewers: dict[str, int]
    """Reviewer → labelled spans."""
    disputed: tuple[str, ...]
    """Ids of spans on which reviewers differ."""
    cohen: tuple[PairAgreement, ...] = ()
    """Cohen's kappa of each two reviewers who labelled a span in common."""
    fleiss: float | None = None
    """Fleiss' kappa, on the spans with the commonest number of reviewers, two at least."""
    fleiss_reviewers: int = 0
    """That number."""
    fleiss_spans: int = 0
    """How many spans have it."""
    krippendorff: float | None = None
    """Krippendorff's alpha: takes any number of labels a span."""


class _Line(Contract):
    """One line of a file of labels."""

    span: str = Field(min_length=1)
    passed: bool
    scorer: str | None = None
    reviewer: str | None = None
    note: str | None = None


def add_label(
    settings: Settings,
    target: str,
    scorer: str,
    *,
    passed: bool,
    reviewer: str | None = None,
    note: str | None = None,
    experiment: str | None = None,
) -> Label:
    """Store a verdict on a span (its id, its trace's id, a unique beginning) or on a case's run in an experiment.

    `experiment` is the latest with the case unless given. Raises ScorerError for an unknown scorer, NotFound.
    """
    (made,) = _store(settings, scorer, [_Line(span=target, passed=passed, reviewer=reviewer, note=note)], experiment)
    return made


def import_labels(settings: Settings, path: Path, scorer: str, *, reviewer: str | None = None) -> list[Label]:
    """Store the labels of a JSON Lines file: `{"span": …, "passed": true, "reviewer": …, "note": …}`.

    A line may name its own `scorer`: which criterion of a case, for a judge that takes one. DatasetError names file
    and line; nothing is stored then.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot read the labels: {getattr(error, 'strerror', error)}") from None
    given: list[_Line] = []
    for number, text in enumerate(lines, 1):
        try:
            given += [_Line.model_validate(loads_strict(text))] if text.strip() else []
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            raise DatasetError(f"{path}:{number}: not a label: {field}: {problem['msg']}") from None
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}:{number}: not JSON: {error}") from None
        except ValueError as error:
            raise DatasetError(f"{path}:{number}: not a label: {error}") from None
    whole = [line.model_copy(update={"reviewer": line.reviewer or reviewer}) for line in given]
    return _store(settings, scorer, whole, None)


def next_to_label(settings: Settings, scorer: str, *, reviewer: str | None = None, limit: int = 1) -> list[Any]:
    """Scored spans that this reviewer has not labelled, the scorer's passes and fails in turn, drawn by a hash."""
    params = {"scorer": scorer, "reviewer": author(reviewer), "limit": limit}
    with Store.of(settings).read() as reader:
        return reader.rows(_NEXT, params)


def agreement(settings: Settings, scorer: str) -> Agreement:
    """How far the reviewers of one scorer's question agree. NotFound without a label."""
    with Store.of(settings).read() as reader:
        by_span = _by_span(reader.labels(scorer))
    if not by_span:
        raise NotFound(f"there is no label for {scorer!r}; i2e label SPAN --scorer {scorer} --pass makes one")
    votes = [{label.reviewer: label.passed for label in labels.values()} for labels in by_span.values()]
    people = Counter(name for vote in votes for name in vote)
    twice = [vote for vote in votes if len(vote) > 1]
    alike = _commonest(twice)
    return Agreement(
        scorer=scorer,
        spans=len(votes),
        reviewed_twice=len(twice),
        reviewers=dict(sorted(people.items())),
        disputed=tuple(key[1] for key, vote in zip(by_span, votes, strict=True) if len(set(vote.values())) > 1),
        cohen=tuple(_cohen(twice, sorted(people))),
        fleiss=fleiss_kappa([list(vote.values()) for vote in alike]),
        fleiss_reviewers=len(alike[0]) if alike else 0,
        fleiss_spans=len(alike),
        krippendorff=krippendorff_alpha([list(vote.values()) for vote in votes]),
    )


def consensus(reader: Reader, scorer: str) -> list[Labelled]:
    """Every labelled span, and what most of its reviewers say."""
    return [_labelled(labels.values()) for labels in _by_span(reader.labels(scorer)).values()]


def _labelled(labels: Iterable[Label]) -> Labelled:
    found = list(labels)
    passes = sum(label.passed for label in found)
    first = found[0]
    verdict = None if passes * 2 == len(found) else passes * 2 > len(found)
    return Labelled(first.trace_id, first.span_id, first.case_id, first.scorer, verdict)


def _by_span(labels: Iterable[Label]) -> dict[tuple[str, str, str], dict[str, Label]]:
    """Span and question → reviewer → label, the latest of each."""
    found: dict[tuple[str, str, str], dict[str, Label]] = {}
    for label in labels:
        found.setdefault((label.trace_id, label.span_id, label.scorer), {})[label.reviewer] = label
    return found


def _cohen(votes: Sequence[dict[str, bool]], people: Sequence[str]) -> Iterator[PairAgreement]:
    for one, other in combinations(people, 2):
        both = [vote for vote in votes if one in vote and other in vote]
        if both:
            kappa = cohen_kappa([vote[one] for vote in both], [vote[other] for vote in both])
            yield PairAgreement(reviewers=(one, other), spans=len(both), kappa=kappa)


def _commonest(votes: Sequence[dict[str, bool]]) -> list[dict[str, bool]]:
    """The spans with the number of reviewers that most spans have; of two such numbers the larger."""
    sizes = Counter(len(vote) for vote in votes)
    size = max(sizes, key=lambda one: (sizes[one], one), default=0)
    return [vote for vote in votes if len(vote) == size]


def _store(settings: Settings, scorer: str, lines: Iterable[_Line], experiment: str | None) -> list[Label]:
    loaded = load_all(settings)
    if scorer not in loaded.prompts and _kind(scorer) not in loaded.prompts:
        named([scorer], loaded)
    store = Store.of(settings)
    with store.read() as reader:
        labels = list(_labels(reader, loaded, scorer, lines, experiment))
    with store.write() as writer:
        writer.add_labels(labels)
    return labels


def _labels(
    reader: Reader, loaded: Loaded, scorer: str, lines: Iterable[_Line], experiment: str | None
) -> Iterator[Label]:
    now = datetime.now(UTC)
    for number, line in enumerate(lines):
        place = _target(reader, line.span, experiment)
        recorded_in = place.pop("experiment_id")
        case = _case(reader, recorded_in, place["case_id"]) if recorded_in else None
        question = _question(loaded, line.scorer or scorer, case, place["span_id"])
        yield Label(
            label_id=uuid4().hex,
            **place,
            scorer=question.name,
            judge=question.judge.name if question.judge is not None else None,
            passed=line.passed,
            reviewer=author(line.reviewer),
            note=line.note,
            created_at=now + timedelta(microseconds=number),  # in the order of the lines: the last word counts
        )


def _question(loaded: Loaded, name: str, case: Case | None, span_id: str) -> Scorer:
    """The scorer that is meant: by its name, or the only criterion that the case puts to the judge of this name."""
    if name in loaded.scorers:
        return loaded.scorers[name]
    criteria = [one for one in (case_scorers(case, loaded) if case is not None else []) if one.judge is not None]
    meant = [one for one in criteria if one.name == name] or [one for one in criteria if _names(one, name)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        there = ", ".join(repr(one.name) for one in criteria) or "none"
        raise UsageError(f"{name!r} is no criterion in words that span {span_id} was held to; there are: {there}")
    raise UsageError(f"say which criterion: --scorer {' or --scorer '.join(repr(one.name) for one in meant)}")


def _names(scorer: Scorer, judge: str) -> bool:
    return scorer.judge is not None and scorer.judge.name == judge


def _kind(scorer: str) -> str:
    """`must` of `must: refuse politely`."""
    return scorer.partition(":")[0].partition(" '")[2].removesuffix("'") or scorer.partition(":")[0]


def _case(reader: Reader, experiment: str, case_id: str | None) -> Case | None:
    """The case as it was run; None where the runs are of pytest, which stores no cases."""
    try:
        cases = reader.experiment(experiment).cases
    except NotFound:
        return None
    return next((case for case in cases if case.id == case_id), None)


def _target(reader: Reader, target: str, experiment: str | None) -> dict[str, Any]:
    found = reader.rows(_RUN, {"target": target, "experiment": experiment})
    found = found or ([] if experiment else reader.rows(_SPAN, {"target": target.lower()}))
    if len(found) > 1:
        raise UsageError(f"several spans begin with {target!r}; write more of the id")
    if not found:
        raise NotFound(f"{target!r} is neither a span, a trace nor a case of an experiment; i2e traces lists what is")
    return found[0]
