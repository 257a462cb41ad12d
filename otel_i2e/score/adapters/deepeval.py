"""A metric of DeepEval as ours: `exact = from_deepeval(ExactMatchMetric())`.

DeepEval reports what it does to its makers unless DEEPEVAL_TELEMETRY_OPT_OUT=YES is set before it is imported.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final, cast

from otel_i2e.errors import ScorerError
from otel_i2e.models import Judge, Score, Subject, Turn
from otel_i2e.score.adapters.identity import asked_model, foreign_definition
from otel_i2e.score.answer import Answer
from otel_i2e.score.scorer import Scorer

__all__ = ["from_deepeval"]

_TURNS: Final = ("content", "role", "retrieval_context", "tools_called")
"""What a turn of a conversation may be asked for."""


def from_deepeval(metric: Any, *, name: str | None = None, threshold: float | None = None) -> Scorer:
    """A metric of a single turn, or of a conversation. Its own threshold holds when none is given; its reason explains.

    The fields of the test case that it asks for must be there. LLM metrics call their own model: no judge of ours is
    asked, and the model and cost that they tell are stored. Where lower is better (DeepEval before 4: toxicity, bias,
    hallucination), ours is what is left of 1, so that higher is better; a threshold that is given is DeepEval's.
    ScorerError for a metric that needs what no span has.
    """
    kind = cast("type[Any]", type(metric))
    wanted = [str(getattr(one, "value", one)) for one in getattr(metric, "_required_params", ())]
    talks = any("Conversational" in base.__name__ for base in kind.__mro__)
    unknown = [one for one in wanted if one not in (_TURNS if talks else _FIELDS)]
    if unknown:
        raise ScorerError(f"deepeval {kind.__name__} needs {', '.join(unknown)}, which no span has")
    needs = {"conversation"} if talks else {_FIELDS[one][0] for one in wanted} | {"input", "output"}
    limit = threshold if threshold is not None else getattr(metric, "threshold", None)
    lower_is_better = _lower_is_better(metric)

    async def ask(subject: Subject, _judge: Judge | None) -> Answer:
        own = copy.copy(metric)  # it keeps what it said in itself, and several are asked at once
        own.threshold = limit
        await own.a_measure(_conversation(subject) if talks else _single(subject, wanted), _show_indicator=False)
        return _answer(own, lower_is_better=lower_is_better)

    return Scorer(
        name=name or kind.__name__,
        threshold=1 - limit if lower_is_better and limit is not None else limit,
        required=frozenset(needs),
        ask=ask,
        model=_model(metric),
        identity=lambda: foreign_definition(metric, limit),
        source=f"deepeval {kind.__qualname__}",
        description=(kind.__doc__ or "").strip().partition("\n")[0],
    )


def _model(metric: Any) -> str | None:
    """The model that it asks; None of one in code."""
    held = cast("dict[str, Any]", vars(metric))
    asked = [held[name] for name in ("evaluation_model", "model") if held.get(name) is not None]
    return asked_model(asked[0]) if asked else None


def _lower_is_better(metric: Any) -> bool:
    """Whether the metric itself is content with 0 and not with 1."""
    return [_is_content(metric, score) for score in (0.0, 1.0)] == [True, False]


def _is_content(metric: Any, score: float) -> bool | None:
    own = copy.copy(metric)
    own.error, own.skipped, own.score, own.threshold = None, False, score, 0.5
    try:
        return own.is_successful()
    except Exception:  # noqa: BLE001 -- a metric of the project may need what it has measured; its verdict is compared
        return None


def _answer(metric: Any, *, lower_is_better: bool) -> Answer:
    if getattr(metric, "error", None):
        raise ScorerError(f"the metric broke: {metric.error}")
    model, cost = getattr(metric, "evaluation_model", None), getattr(metric, "evaluation_cost", None)
    if getattr(metric, "skipped", False) or metric.score is None:
        return Answer(None, model=model, cost_usd=cost)
    value, limit, verdict = float(metric.score), metric.threshold, getattr(metric, "success", None)
    if limit is not None and verdict is not None and verdict != (value <= limit if lower_is_better else value >= limit):
        raise ScorerError(f"the metric says success {verdict}, which {value:g} at its threshold of {limit:g} is not")
    score = Score(value=1 - value if lower_is_better else value, explanation=getattr(metric, "reason", None))
    return Answer(score, model=model, cost_usd=cost)


def _single(subject: Subject, wanted: Iterable[str]) -> Any:
    given = {name: _FIELDS[name][1](subject) for name in {*wanted, "input", "actual_output", "expected_output"}}
    if "tools_called" in given:
        given["tools_called"] = [_made("ToolCall", **one) for one in given["tools_called"]]
    return _made("LLMTestCase", **given)


def _conversation(subject: Subject) -> Any:
    turns = [_made("Turn", role=role, content=text) for turn in subject.conversation for role, text in _said(turn)]
    return _made("ConversationalTestCase", turns=turns)


def _said(turn: Turn) -> list[tuple[str, str]]:
    answer = turn.output if turn.output is not None else f"(failed: {turn.error})"
    return [("user", turn.input or ""), ("assistant", answer)]


def _made(kind: str, **fields: Any) -> Any:
    return getattr(import_module("deepeval.test_case"), kind)(**fields)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _contents(subject: Subject) -> list[str]:
    return [document.content or "" for document in subject.documents]


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] -- JSON


def _tools(subject: Subject) -> list[dict[str, Any]]:
    return [
        {
            "name": call.name,
            "input_parameters": _object(call.arguments),
            "output": call.result,
        }
        for call in subject.tool_calls
    ]


_FIELDS: Final[dict[str, tuple[str, Callable[[Subject], Any]]]] = {
    "input": ("input", lambda subject: _text(subject.input)),
    "actual_output": ("output", lambda subject: subject.output),
    "expected_output": ("expected", lambda subject: _text(subject.expected)),
    "context": ("documents", _contents),
    "retrieval_context": ("documents", _contents),
    "tools_called": ("tool_calls", _tools),
    "metadata": ("metadata", lambda subject: subject.metadata),
}
"""A field of `LLMTestCase` → the parameter of a scorer that it is, and its value."""
