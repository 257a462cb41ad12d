"""`must` and `must_not`: a criterion in words is put to the judge; an object names a check."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from otel_i2e.errors import JudgeError, ScorerError
from otel_i2e.models import Definition, Json, Judge, JudgePrompt, Score, Subject
from otel_i2e.score.answer import Answer, answer_of, passed
from otel_i2e.score.blank import Unanswered, blank_answer, unanswered
from otel_i2e.score.checks._check import shown
from otel_i2e.score.checks.judge import judge_scorer
from otel_i2e.score.content import answer_cut
from otel_i2e.score.identity import hash_of
from otel_i2e.score.scorer import Scorer

__all__ = ["must", "must_not"]

_BOTH: Final = frozenset({True, False})
"""Of a negation, which asks itself whether the answer is whole."""
Checks = Mapping[str, Callable[[Any], Scorer]]


def must(entry: str | Json, checks: Checks, prompts: Mapping[str, JudgePrompt]) -> Scorer:
    """`"say that …"` asks the judge; `{"contains": "30 days"}` checks. ScorerError for an unknown check."""
    if isinstance(entry, str):
        return _said_first(_criterion("must", entry, prompts), prompts["must"])
    found = _named(entry, checks)
    return replace(found, name=f"must: {found.name}")


def must_not(entry: str | Json, checks: Checks, prompts: Mapping[str, JudgePrompt]) -> Scorer:
    """The same shapes; passes when the criterion or the check does not hold, of a whole answer that says something."""
    if isinstance(entry, str):
        return _whole(_answered_first(_criterion("must_not", entry, prompts)))
    found = _named(entry, checks)
    return _negated(_answered_first(found) if found.needs_judge else found, f"must_not: {found.name}")


def _criterion(kind: str, text: str, prompts: Mapping[str, JudgePrompt]) -> Scorer:
    if not text.strip():
        raise ScorerError("an empty criterion says nothing; write what must hold")
    if kind not in prompts:
        raise ScorerError(f"the criterion {shown(text)} is for a judge, and the judge prompt {kind!r} was not given")
    return judge_scorer(prompts[kind], criterion=text, name=f"{kind}: {shown(text, 100)[1:-1]}")


def _named(entry: Json, checks: Checks) -> Scorer:
    if len(entry) != 1:
        raise ScorerError(f"{shown(entry)} names {len(entry)} checks; write one object for each")
    (key, argument), *_ = entry.items()
    if key not in checks:
        near = get_close_matches(key, checks, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ScorerError(f"{key!r} is not a check{hint} (the checks are {', '.join(sorted(checks))})")
    if argument is None:
        raise ScorerError(f"{key!r} has no argument; write {{{key!r}: …}}")
    return checks[key](argument)


def _answered_first(scorer: Scorer) -> Scorer:
    """An error without asking the judge where nothing was answered."""

    def ask(subject: Subject, judge: Judge | None) -> Any:
        if (why := unanswered(subject, scorer.required)) is not None:
            raise ScorerError(why)
        return scorer.ask(subject, judge)

    return replace(scorer, ask=ask)


def _said_first(scorer: Scorer, prompt: JudgePrompt) -> Scorer:
    """The lowest verdict without asking the judge where the answer is blank: it does nothing that it must."""
    values = {label: value for label, value in prompt.choices.items() if value is not None}
    lowest = min(values, key=values.__getitem__, default="")

    def ask(subject: Subject, judge: Judge | None) -> Any:
        if (blank := blank_answer(subject)) is None or "output" not in scorer.required or not lowest:
            return scorer.ask(subject, judge)
        said = f"{blank}, so no judge was asked"
        metadata = {"judge": prompt.name}
        return Answer(Score(value=values[lowest], label=lowest, explanation=said, metadata=metadata))

    return replace(scorer, ask=ask)


def _whole(scorer: Scorer) -> Scorer:
    """An error in place of a pass where the answer was cut."""

    async def ask(subject: Subject, judge: Judge | None) -> Answer:
        result = scorer.ask(subject, judge)
        answer = answer_of(await result if inspect.isawaitable(result) else result)
        if answer.score is not None and passed(answer.score, scorer.threshold) is not False:
            _refuse_cut(subject, scorer, answer)
        return answer

    return replace(scorer, ask=ask)


def _refuse_cut(subject: Subject, scorer: Scorer, answer: Answer) -> None:
    if (why := answer_cut(subject, scorer.needs)) is None:
        return
    if scorer.needs_judge:
        raise JudgeError(why, model=answer.model, cost_usd=answer.cost_usd)
    raise ScorerError(why)


def _negated(scorer: Scorer, name: str) -> Scorer:
    async def ask(subject: Subject, judge: Judge | None) -> Answer:
        try:
            result = scorer.ask(subject, judge)
            answer = answer_of(await result if inspect.isawaitable(result) else result)
        except Unanswered as satisfied:  # by silence: it holds, and must not
            return Answer(Score(value=0.0, explanation=f"it holds: {satisfied}"))
        if answer.score is None:
            return answer
        holds = passed(answer.score, scorer.threshold)
        if holds is None:
            raise ScorerError(f"{scorer.name} has no threshold, so that it does not hold cannot be said")
        if not holds and (why := unanswered(subject, scorer.required)) is not None:
            raise Unanswered(why)
        if not holds:
            _refuse_cut(subject, scorer, answer)
        negative = Score(
            value=0.0 if holds else 1.0, explanation=answer.score.explanation, metadata=answer.score.metadata
        )
        return answer._replace(score=negative)

    return replace(
        scorer, name=name, threshold=1.0, ask=ask, certain=_BOTH, identity=lambda: _opposite(scorer), function=None
    )


def _opposite(scorer: Scorer) -> Definition:
    was = scorer.definition
    return Definition(
        version=hash_of(["not", was.version, "of a whole answer"]),
        text=was.text,
        parameters={**was.parameters, "must_not": True},
    )
