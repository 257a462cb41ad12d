"""A scorer: what it is called, what it needs, its version and its threshold, and how it is asked.

`decorator.py` makes one of a function or of an evaluator of another library, `catalogue.py` has the built-in ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from otel_i2e.models import Attempt, Definition, Json, Judge, Outcome, Subject
from otel_i2e.score.content import Gaps, gaps_of

__all__ = ["JudgeRef", "Scorer"]

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
