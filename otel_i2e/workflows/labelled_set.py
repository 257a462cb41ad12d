"""The labelled set put to a judge: which question each label answers, and what the judge says to it.

A judge with criteria in words (`must`, `must_not`, a prompt of yours that shows `criterion`) is one judge, whatever the
criterion: a label on a span of an evaluation answers one of its case's criteria, and calibration takes them together.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, UsageError
from otel_i2e.models import Attempt, Case, JudgePrompt, Outcome, Span, Subject
from otel_i2e.score import Scorer, judge_ref, judge_scorer
from otel_i2e.store import Reader
from otel_i2e.workflows.attempts import Asker, Job, attempt_all
from otel_i2e.workflows.experiments import MOST_EXPERIMENTS
from otel_i2e.workflows.labels import Labelled
from otel_i2e.workflows.scorers import Loaded, case_scorers, judge_settings, load_all, named
from otel_i2e.workflows.subjects import subjects_of
from otel_i2e.workflows.verdicts import Memory

__all__ = ["Bench", "Judged", "Question", "ask", "bench_of", "drawn", "questions"]

Key = tuple[str, str]
"""Span id and name of the scorer whose question a label answers."""


class Bench(NamedTuple):
    """The judge that is held against people."""

    name: str
    """The judge prompt's name."""
    version: str
    """Its identity, whatever the criterion."""
    threshold: float
    """At or above it a score passes."""
    loaded: Loaded
    """Where its scorers are made."""

    @property
    def prompt(self) -> JudgePrompt:
        """The judge's prompt."""
        return self.loaded.prompts[self.name]

    def reversed(self) -> Bench:
        """The same judge with its choices offered in reverse order: one that looks at the question does not mind."""
        prompt = self.prompt
        turned = prompt.model_copy(update={"choices": dict(reversed(prompt.choices.items()))})
        scorers = self.loaded.scorers
        if self.name in scorers:
            scorers = {**scorers, self.name: judge_scorer(turned)}
        prompts = {**self.loaded.prompts, self.name: turned}
        return self._replace(loaded=self.loaded._replace(scorers=scorers, prompts=prompts))

    def grades(self, scorer: Scorer) -> bool:
        """Whether the judge's threshold makes a verdict of its scores: not of a check turned round, nor of one with a
        threshold of its own."""
        mine = judge_ref(self.prompt).version
        return (
            scorer.judge is not None
            and scorer.judge.version == mine
            and not scorer.definition.parameters.get("must_not")
        )

    def scorer(self, name: str, case: Case | None) -> Scorer | None:
        """The scorer `name` of this judge: the judge itself, or the one of a criterion of the case."""
        if name == self.name and name in self.loaded.scorers:
            return self.loaded.scorers[name]
        try:
            found = case_scorers(case, self.loaded) if case is not None else []
        except DatasetError:
            return None
        return next((one for one in found if one.name == name and _judges(one, self.name)), None)


class Question(NamedTuple):
    """What one label answers."""

    key: Key
    scorer: Scorer
    subject: Subject
    graded: bool
    """Whether the judge's threshold makes a verdict of the score."""


class Judged(NamedTuple):
    """What one pass over the set gave, by label."""

    attempts: dict[Key, Attempt]
    graded: frozenset[Key]
    """Those that the judge's threshold makes a verdict of; others have their own, such as a check turned round."""

    def at(self, threshold: float) -> Judged:
        """The same scores, held against another threshold."""
        turned = {key: _passing(made, threshold) for key, made in self.attempts.items() if key in self.graded}
        return self._replace(attempts={**self.attempts, **turned})

    def passed(self, key: Key) -> bool | None:
        """The judge's verdict; None without one."""
        made = self.attempts.get(key)
        return made.passed if made is not None and made.outcome is Outcome.SCORED else None

    def value(self, key: Key) -> float | None:
        """The judge's score; None without one, and of what the judge's threshold is not for."""
        made = self.attempts.get(key) if key in self.graded else None
        return made.score.value if made is not None and made.score is not None else None

    @property
    def model(self) -> str | None:
        """The model that answered; None when several did, or none."""
        models = {made.model for made in self.attempts.values() if made.model is not None}
        return models.pop() if len(models) == 1 else None


def bench_of(settings: Settings, name: str) -> Bench:
    """The judge `name` as it is now. ScorerError for a name that there is not, UsageError for what is no judge."""
    loaded = load_all(settings)
    prompt = loaded.prompts.get(name)
    if prompt is None:
        (found,) = named([name], loaded)
        if found.asks_model:
            raise UsageError(f"{name!r} asks its own model by {found.source}; only a judge prompt can be calibrated")
        raise UsageError(f"{name!r} is no judge: a scorer in code needs no calibration")
    if prompt.threshold is None:
        raise UsageError(f"the judge {name!r} has no threshold, so it neither passes nor fails anything; give it one")
    return Bench(name, judge_ref(prompt).version, prompt.threshold, loaded)


def questions(reader: Reader, bench: Bench, labelled: Sequence[Labelled]) -> list[Question]:
    """What was asked of the spans that are still there, by criteria that the cases of their experiments have."""
    ids = [one.span_id for one in labelled]
    found = {(span.trace_id, span.span_id): span for span in _spans(reader, ids)}
    cases = _cases(reader, found.values())
    pairs = [
        (one, case, scorer)
        for one in labelled
        if (span := found.get((one.trace_id, one.span_id))) is not None
        and (scorer := bench.scorer(one.scorer, case := cases.get((span.experiment_id, span.case_id)))) is not None
    ]
    subjects = subjects_of(reader, list(found.values()), {scorer for _, _, scorer in pairs})
    by_id = {(one.span.trace_id, one.span.span_id): one for one in subjects}
    return [
        Question(
            (one.span_id, one.scorer),
            scorer,
            by_id[one.trace_id, one.span_id].model_copy(update={"case": case}),
            bench.grades(scorer),
        )
        for one, case, scorer in pairs
    ]


def ask(settings: Settings, asked: Iterable[Question], memory: Memory) -> Judged:
    """Every question, put to the judge. Spans of experiments are asked about like any other, repeats among them."""
    made: dict[Key, Attempt] = {}
    asker = Asker("offline")
    jobs: list[Job] = []
    graded: set[Key] = set()
    for one in asked:
        if one.graded:
            graded.add(one.key)
        first = one.subject.span.model_copy(update={"repeat": None})
        jobs.append(Job(one.scorer, one.subject.model_copy(update={"span": first}), asker))

    def keep(job: Job, attempt: Attempt) -> None:
        made[job.subject.span.span_id, job.scorer.name] = attempt

    asyncio.run(attempt_all(jobs, judge_settings(settings), keep, memory=memory, timeout=settings.scorer_timeout))
    return Judged(made, frozenset(graded))


def drawn(key: Key) -> str:
    """Where a label stands in an order that has nothing to do with what it says."""
    return hashlib.sha256("\x1f".join(key).encode()).hexdigest()


def _passing(attempt: Attempt, threshold: float) -> Attempt:
    value = attempt.score.value if attempt.score is not None else None
    if value is None:
        return attempt
    return attempt.model_copy(update={"threshold": threshold, "passed": value >= threshold})


def _judges(scorer: Scorer, name: str) -> bool:
    return scorer.judge is not None and scorer.judge.name == name


def _spans(reader: Reader, ids: Sequence[str]) -> list[Span]:
    return reader.spans("span_id IN (SELECT unnest($ids::VARCHAR[]))", {"ids": ids})


def _cases(reader: Reader, spans: Iterable[Span]) -> Mapping[tuple[str | None, str | None], Case]:
    """Experiment and case id → the case as it was run; pytest runs, which are no experiments on record, have none."""
    recorded = {row["experiment_id"] for row in reader.experiments(limit=MOST_EXPERIMENTS)}
    experiments = recorded & {span.experiment_id for span in spans}
    found = [reader.experiment(one) for one in sorted(experiments)]
    return {(experiment.experiment_id, case.id): case for experiment in found for case in experiment.cases}
