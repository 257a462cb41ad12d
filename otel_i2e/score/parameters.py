"""What a scorer may ask for, by parameter name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import partial
from operator import attrgetter
from types import FunctionType
from typing import Any, Final

from otel_i2e.errors import ScorerError
from otel_i2e.models import Judge, Subject
from otel_i2e.score.identity import code_target

__all__ = ["PARAMETERS", "asking", "needs_of", "place_of"]

PARAMETERS: Final = (
    "input",
    "messages",
    "output",
    "expected",
    "documents",
    "tool_calls",
    "span",
    "trace",
    "conversation",
    "case",
    "metadata",
    "usage",
    "duration_ms",
)
"""Names that a scorer's parameters may have; each is the attribute of `models.Subject` of that name."""
_PLACES: Final = {"output": "span.output_text"}
"""Where a value is found faster than by its property."""
_REFUSED: Final = {
    inspect.Parameter.VAR_POSITIONAL: "takes *{name}",
    inspect.Parameter.VAR_KEYWORD: "takes **{name}",
    inspect.Parameter.POSITIONAL_ONLY: "takes {name!r} by position only",
}


def needs_of(function: Callable[..., Any], name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The parameters that must be there, and those with a default, which may be missing. ScorerError for others."""
    required: set[str] = set()
    optional: set[str] = set()
    bound: Collection[str] = getattr(function, "keywords", {}) if type(function) is partial else ()
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in bound:
            continue
        if parameter.kind in _REFUSED:
            raise _refusal(function, name, _REFUSED[parameter.kind].format(name=parameter.name))
        if parameter.name not in PARAMETERS:
            near = get_close_matches(parameter.name, PARAMETERS, n=1, cutoff=0.7)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise _refusal(function, name, f"asks for {parameter.name!r}{hint}")
        (required if parameter.default is parameter.empty else optional).add(parameter.name)
    if not required | optional:
        raise _refusal(function, name, "asks for nothing, so it would say the same of every span")
    return frozenset(required), frozenset(optional)


def asking(function: Callable[..., Any], names: Collection[str]) -> Callable[[Subject, Judge | None], Any]:
    """Calls `function` with the values that it asks for; the trace as a list. No judge is asked."""
    if len(names) == 1 and "trace" not in names:  # most scorers: no loop for them
        (name,) = names
        value_of = attrgetter(_PLACES.get(name, name))
        if _takes_first(function, name):
            return lambda subject, _judge: function(value_of(subject))
        return lambda subject, _judge: function(**{name: value_of(subject)})

    def ask(subject: Subject, _judge: Judge | None) -> Any:
        values = {name: getattr(subject, name) for name in names}
        if "trace" in values:
            values["trace"] = list(subject.trace) or [subject.span]
        return function(**values)

    return ask


def _takes_first(function: Callable[..., Any], name: str) -> bool:
    """Whether its first argument may be given by position and is `name`: of the function itself, not what it wraps."""
    code = function.__code__ if isinstance(function, FunctionType) else None
    return code is not None and code.co_argcount > 0 and code.co_varnames[0] == name


def place_of(function: Callable[..., Any]) -> str:
    """`file:line` where the function begins."""
    code = getattr(code_target(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)


def _refusal(function: Callable[..., Any], name: str, what: str) -> ScorerError:
    return ScorerError(
        f"{place_of(function)}: scorer {name!r} {what}; a scorer takes parameters named {', '.join(PARAMETERS)}"
    )
