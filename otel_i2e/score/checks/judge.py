"""`judge`: a model gives a verdict by a prompt file; only verdicts that the prompt offers count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_i2e.errors import JudgeError, ScorerError
from otel_i2e.models import Contract, Definition, Json, Judge, JudgePrompt, JudgeQuestion, JudgeVerdict, Score, Subject
from otel_i2e.score.answer import Answer, NotRecorded
from otel_i2e.score.checks._check import read_argument, shown
from otel_i2e.score.content import calls_cut, missing
from otel_i2e.score.identity import hash_of
from otel_i2e.score.scorer import JudgeRef, Scorer
from otel_i2e.score.shown import shown_text

__all__ = ["judge", "judge_ref", "judge_scorer"]


class Asked(Contract):
    """Which judge."""

    prompt: str
    """Name of a judge prompt."""
    threshold: float | None = None
    """In place of the prompt's own."""
    criterion: str | None = None
    """For a prompt that shows `criterion`."""


def judge(argument: Any, prompts: Mapping[str, JudgePrompt]) -> Scorer:
    """`"groundedness"` or `{"prompt": "groundedness", "threshold": 0.5}`."""
    asked = read_argument("judge", Asked, argument, short="prompt")
    if asked.prompt not in prompts:
        known = ", ".join(sorted(prompts)) or "none"
        raise ScorerError(f"judge: {asked.prompt!r} is no judge prompt; there are {known}")
    prompt = prompts[asked.prompt]
    if asked.threshold is not None:
        prompt = prompt.model_copy(update={"threshold": asked.threshold})
        if (why := prompt.idle_threshold) is not None:
            raise ScorerError(f"judge {asked.prompt!r}: {why}")
    title = f"judge {asked.prompt!r}" + (f": {shown(asked.criterion)}" if asked.criterion else "")
    return judge_scorer(prompt, criterion=asked.criterion, name=title)


def judge_scorer(prompt: JudgePrompt, *, criterion: str | None = None, name: str | None = None) -> Scorer:
    """A scorer that asks a judge. ScorerError when the prompt shows a criterion and none is given, or the reverse."""
    if ("criterion" in prompt.fields) != (criterion is not None):
        wants = "needs a criterion" if criterion is None else "takes no criterion"
        raise ScorerError(f"judge prompt {prompt.name!r} ({prompt.path}) {wants}")

    async def ask(subject: Subject, judge: Judge | None) -> Answer:
        if judge is None:
            raise JudgeError("there is no judge to ask")
        if "tool_calls" in prompt.fields and (why := calls_cut(subject, results=True)) is not None:
            raise NotRecorded(why)
        verdict = await judge.ask(_question(prompt, criterion, subject))
        if verdict.choice not in prompt.choices:
            raise JudgeError(
                f"verdict {verdict.choice!r} is none of {list(prompt.choices)}",
                model=verdict.model,
                cost_usd=verdict.cost_usd,
            )
        value = prompt.choices[verdict.choice]
        score = Score(
            value=value, label=verdict.choice, explanation=verdict.reasoning, metadata=_origin(prompt, verdict)
        )
        return Answer(score if value is not None else None, model=verdict.model, cost_usd=verdict.cost_usd)

    return Scorer(
        name=name or prompt.name,
        threshold=prompt.threshold,
        required=frozenset(prompt.fields) - {"criterion"},
        optional=frozenset(prompt.optional),
        ask=ask,
        identity=lambda: _definition(prompt, criterion),
        needs_judge=True,
        judge=judge_ref(prompt),
        source=prompt.path,
        description=prompt.description,
    )


def _definition(prompt: JudgePrompt, criterion: str | None) -> Definition:
    shown = prompt.model_dump(mode="json", exclude={"name", "description", "text", "path"})
    return Definition(
        version=hash_of([prompt.identity, prompt.threshold, criterion]),
        text=prompt.text,
        parameters=shown if criterion is None else {**shown, "criterion": criterion},
    )


def judge_ref(prompt: JudgePrompt) -> JudgeRef:
    """What a judge's scorers have in common, whatever the criterion."""
    return JudgeRef(prompt.name, hash_of([prompt.identity, prompt.threshold, None]), prompt.model)


def _origin(prompt: JudgePrompt, verdict: JudgeVerdict) -> Json:
    """Who was asked what, and whether the verdict is an old one: for whoever labels, compares or doubts it."""
    replayed = {"replayed": verdict.recorded_at.isoformat()} if verdict.recorded_at is not None else {}
    return {"judge": prompt.name} | ({"request": verdict.request} if verdict.request else {}) | replayed


def _question(prompt: JudgePrompt, criterion: str | None, subject: Subject) -> JudgeQuestion:
    texts: dict[str, str] = {}
    for field in (*prompt.fields, *prompt.optional):
        if field == "criterion":
            texts[field] = criterion or ""
        elif missing(subject, frozenset({field})) is None and (text := shown_text(subject, field)) is not None:
            texts[field] = text
    return JudgeQuestion(prompt=prompt, shown=texts)
