"""A scorer: a function of a subject, with a name, a version and a threshold.

    @scorer(threshold=1.0)
    def cites_only_sources(output: str, documents: list[Document]) -> bool:
        return all(cited in {d.id for d in documents} for cited in re.findall(r"\\[(\\w+)\\]", output))

Arguments are chosen by parameter name. A parameter without a default must be there: a span without it is
not scored, and the ledger says why. It returns a bool, a number, a label, a Score, a mapping with a Score's
fields, or None (says nothing here). A bool, also as the value of a mapping, passes when it is true. It may be async.
An exception is an error, never a zero.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, overload

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Definition, Json, Judge, Outcome, Subject
from otel_i2e.score.content import Gaps, gaps_of
from otel_i2e.score.identity import code_definition
from otel_i2e.score.parameters import asking, needs_of, place_of

__all__ = ["JudgeRef", "Scorer", "scorer"]

_FROM_TRACE: Final = frozenset({"trace", "tool_calls", "documents", "usage", "conversation"})


class JudgeRef(NamedTuple):
    """A judge prompt, as calibration knows it."""

    name: str
    """The prompt's name."""
    version: str
    """Its identity with its threshold, without a criterion."""
    model: str
    """The model that is asked for."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """Something that gives a score to a subject. Calling it calls the function that was decorated."""

    name: str
    """Unique among the scorers in use."""
    threshold: float | None
    """The value at or above which a score passes; None when it only measures (a bool passes at 1.0)."""
    required: frozenset[str]
    """Parameters that must be there."""
    ask: Callable[[Subject, Judge | None], Any]
    """Gives a ScorerResult or an Answer, or an awaitable of one."""
    identity: Callable[[], Definition]
    """Gives what the version is a hash of; called once, when the version is first read."""
    optional: frozenset[str] = frozenset()
    """Parameters with a default."""
    needs_judge: bool = False
    """Whether it asks a judge of ours."""
    model: str | None = None
    """The model that a scorer of another library asks by itself, or `unknown model`; None when it asks none."""
    judge: JudgeRef | None = None
    """The judge prompt behind it, whatever criterion is put to it."""
    certain: frozenset[bool] = frozenset({False})
    """Verdicts that stand although a part of the answer was cut or taken out: a part may be enough to fail."""
    source: str = "built in"
    """Where it is defined: `file:line`, or `built in`."""
    description: str = ""
    """One sentence."""
    function: Callable[..., Any] | None = None
    """The decorated function."""

    @cached_property
    def definition(self) -> Definition:
        """Its code or prompt, its parameters, and their hash."""
        return self.identity()

    @cached_property
    def version(self) -> str:
        """12 hex digits: a hash of its code or prompt, and its parameters."""
        return self.definition.version

    @cached_property
    def stamp(self) -> Json:
        """What every attempt says of its scorer, and nothing of the rest: all fields of an Attempt."""
        said = Attempt(
            scorer=self.name,
            scorer_version=self.version,
            judge=None if self.judge is None else self.judge.name,
            judge_version=None if self.judge is None else self.judge.version,
            threshold=self.threshold,
            outcome=Outcome.ERROR,
        )
        return dict(said)

    @property
    def asks_model(self) -> bool:
        """Whether a model decides: one that our judge asks, or another library's scorer."""
        return self.needs_judge or self.model is not None

    @cached_property
    def blocks(self) -> bool:
        """Whether it is a plain function of the project, which may keep a thread for as long as it likes."""
        return self.function is not None and not inspect.iscoroutinefunction(self.function)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Every parameter that it takes."""
        return self.required | self.optional

    @cached_property
    def gaps(self) -> Gaps:
        """In what ways a subject may lack what it requires."""
        return gaps_of(self.required)

    @cached_property
    def needs_trace(self) -> bool:
        """Whether a subject must carry its whole trace."""
        return bool(self.needs & _FROM_TRACE)

    @property
    def needs_conversation(self) -> bool:
        """Whether a subject must carry the other traces of its conversation."""
        return "conversation" in self.needs

    @cached_property
    def scope(self) -> str:
        """How far it looks: `span`, `trace` or `conversation`."""
        return "conversation" if self.needs_conversation else "trace" if self.needs_trace else "span"

    @property
    def looks_beyond(self) -> bool:
        """Whether it looks at more than its span, which then waits for its trace."""
        return self.scope != "span"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The decorated function, called as it is: for a unit test of a scorer."""
        if self.function is None:
            raise TypeError(f"scorer {self.name!r} wraps no function; run it with run_scorer")
        return self.function(*args, **kwargs)


@overload
def scorer(function: Any, /) -> Scorer: ...
@overload
def scorer(*, name: str | None = None, threshold: float | None = None) -> Callable[[Any], Scorer]: ...
def scorer(
    function: Any = None, /, *, name: str | None = None, threshold: float | None = None
) -> Scorer | Callable[[Any], Scorer]:
    """Make a scorer of a function: `@scorer`, or `@scorer(threshold=…, name=…)`.

    An object with `__call__`, a `functools.partial` and an evaluator of a known library do as well: the latter as its
    adapter makes it. ScorerError, naming file and line, when a parameter has a name that a scorer does not take.
    """

    def decorate(found: Any) -> Scorer:
        return _scorer(found, name, threshold)

    return decorate if function is None else decorate(function)


def _scorer(function: Any, name: str | None, threshold: float | None) -> Scorer:
    from otel_i2e.score.adapters import adapter_of  # the adapters make scorers themselves

    if (adapter := adapter_of(function)) is not None:
        return adapter(function, name=name, threshold=threshold)
    if not callable(function):
        raise ScorerError(f"@scorer was given {function!r}; it takes a function, or name= and threshold=")
    name = name or getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise ScorerError(f"{place_of(function)}: a scorer without a name; give one with @scorer(name=…)")
    if threshold is not None and not math.isfinite(threshold):
        raise ScorerError(f"{place_of(function)}: scorer {name!r}: threshold {threshold!r} is not a finite number")
    required, optional = needs_of(function, name)
    return Scorer(
        name=name,
        threshold=threshold,
        required=required,
        optional=optional,
        ask=asking(function, required | optional),
        identity=lambda: code_definition(function, {"threshold": threshold}),
        source=place_of(function),
        description=_first_line(function),
        function=function,
    )


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0].strip()
