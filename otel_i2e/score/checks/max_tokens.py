"""`max_tokens`: the model calls used no more tokens than this."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from otel_i2e.models import Contract, Score, Span, Usage
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["max_tokens"]


class Limits(Contract):
    """At least one limit, in tokens; input counts what was cached."""

    total: int | None = Field(default=None, ge=0)
    """Of input and output together."""
    input: int | None = Field(default=None, ge=0)
    """Of the input."""
    output: int | None = Field(default=None, ge=0)
    """Of the output."""

    @model_validator(mode="after")
    def _one_at_least(self) -> Limits:
        if self.total is None and self.input is None and self.output is None:
            raise ValueError("give total, input or output")
        return self


def max_tokens(argument: Any) -> Scorer:
    """A number for input and output together, or `{"input": …, "output": …, "total": …}`."""
    limits = read_argument("max_tokens", Limits, argument, short="total")

    def check(usage: Usage, span: Span, trace: list[Span]) -> Score:
        """The model calls used no more tokens than this."""
        used = {
            "total": usage.input_tokens + usage.output_tokens,
            "input": usage.input_tokens,
            "output": usage.output_tokens,
        }
        over = [name for name, limit in limits if limit is not None and used[name] > limit]
        if not over and not _counted(span, trace):
            raise NotRecorded("a model call was recorded without its token counts")
        said = ", ".join(f"{name} {used[name]} of {limit}" for name, limit in limits if limit is not None)
        return Score(value=0.0 if over else 1.0, explanation=said)

    title = ", ".join(f"{name} {limit}" for name, limit in limits if limit is not None)
    return check_scorer("max_tokens", check, limits, title=title, negative=True)


def _counted(span: Span, trace: list[Span]) -> bool:
    calls = [span] if span.kind == "llm" else [s for s in trace if s.kind == "llm" and s.duplicate_of is None]
    return all(call.input_tokens is not None and call.output_tokens is not None for call in calls)
