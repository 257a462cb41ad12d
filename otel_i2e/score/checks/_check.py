"""How a check is made: its argument is read once, by a contract; its code and argument are its version."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar, cast

from pydantic import ValidationError

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Json, Judge, Score, Subject
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.blank import Ask, of_an_answer
from otel_i2e.score.content import calls_cut
from otel_i2e.score.identity import code_definition
from otel_i2e.score.parameters import asking, needs_of
from otel_i2e.score.scorer import Scorer

__all__ = ["check_scorer", "plain", "read_argument", "shown", "verdict"]

Argument = TypeVar("Argument", bound=Contract)
_score: Final = Score.trusting()
_PASSED: Final = frozenset({True})
_BOTH: Final = frozenset({True, False})


def read_argument(check: str, contract: type[Argument], argument: Any, *, short: str) -> Argument:
    """The argument as its contract; anything but an object stands for the field `short`. ScorerError when not valid."""
    values = cast("Json", argument) if isinstance(argument, dict) else {short: argument}
    try:
        return contract.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or short
        message = problem["msg"].removeprefix("Value error, ")
        fields = ", ".join(contract.model_fields)
        raise ScorerError(f"{check}: {place}: {message}, got {shown(argument)}; its fields are {fields}") from None


def plain(argument: Any) -> Any:
    """The argument of a check that needs none: nothing and `true` say nothing."""
    return {} if argument is None or argument is True else argument


def check_scorer(
    check: str,
    function: Callable[..., Any],
    argument: Contract | None = None,
    *,
    title: str,
    negative: bool = False,
    sees_redacted: bool = False,
    of_some_calls: Collection[float] = (0.0, 1.0),
) -> Scorer:
    """A built-in scorer that passes at 1; `function` takes a scorer's parameters.

    A `negative` one holds of an application that does nothing: its pass counts only of a whole answer, a
    positive one's failure only of one from which the redactor took nothing, unless it `sees_redacted`.
    `of_some_calls` are the scores that stand where others of the trace's tool calls may have been cut.
    """
    required, optional = needs_of(function, check)
    ask = asking(function, required | optional)
    if len(of_some_calls) < 2:
        ask = _of_whole_calls(ask, of_some_calls)
    values = argument.model_dump(mode="json") if argument is not None else None
    what = [check, values, "of a whole answer"] if negative else [check, values]
    return Scorer(
        name=f"{check} {title}".strip(),
        threshold=1.0,
        required=required,
        optional=optional,
        ask=of_an_answer(ask, required, required | optional, sees_redacted=sees_redacted) if negative else ask,
        certain=_BOTH if negative else _PASSED,
        identity=lambda: code_definition(function, what, shown={"check": check, "argument": values}),
        description=(function.__doc__ or "").strip().partition("\n")[0],
    )


def _of_whole_calls(ask: Ask, of_some: Collection[float]) -> Ask:
    def asked(subject: Subject, judge: Judge | None) -> Score | None:
        score = ask(subject, judge)
        if score is not None and score.value in of_some:
            return score
        if (why := calls_cut(subject)) is not None:
            raise NotRecorded(why)
        return score

    return asked


def verdict(*, holds: bool, why: str) -> Score:
    """1 or 0, with the reason."""
    return _score({"value": 1.0 if holds else 0.0, "label": None, "explanation": why, "metadata": {}})


def shown(value: Any, width: int = 60) -> str:
    """`value` in a name or a message: one line, at most `width` characters."""
    plain = f"'{value}'" if isinstance(value, str) else f"{value:g}" if isinstance(value, int | float) else repr(value)
    text = " ".join(plain.split())
    return text if len(text) <= width else text[: width - 1] + "…"
