"""Scorers of a function: of a subject, with a name, a version and a threshold.

    @scorer(threshold=1.0)
    def cites_only_sources(output: str, documents: list[Document]) -> bool:
        return all(cited in {d.id for d in documents} for cited in re.findall(r"\\[(\\w+)\\]", output))

Arguments are chosen by parameter name. A parameter without a default must be there: a span without it is
not scored, and the ledger says why. It returns a bool, a number, a label, a Score, a mapping with a Score's
fields, or None (says nothing here). A bool, also as the value of a mapping, passes when it is true. It may be async.
An exception is an error, never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, overload

from otel_i2e.errors import ScorerError
from otel_i2e.score.adapters import adapter_of
from otel_i2e.score.identity import code_definition
from otel_i2e.score.parameters import asking, needs_of, place_of
from otel_i2e.score.scorer import Scorer

__all__ = ["scorer"]


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
