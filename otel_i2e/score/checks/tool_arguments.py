"""`tool_arguments`: every tool call has arguments that the tool's own schema allows."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, cast

from pydantic import Field

from otel_i2e.models import Contract, Json, Score, Span, ToolCall
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks._schema import schema_problem, validator_of
from otel_i2e.score.scorer import Scorer

__all__ = ["tool_arguments"]


class Definitions(Contract):
    """Where a schema stands."""

    tools: dict[str, Json] = Field(default_factory=dict[str, Json])
    """Tool → JSON Schema of its arguments, for tools whose definition is not recorded with the model call."""


def tool_arguments(argument: Any = None) -> Scorer:
    """`true`, or `{"tools": {"refund": {"type": "object", "required": ["order"]}}}`."""
    wanted = read_argument("tool_arguments", Definitions, plain(argument), short="tools")

    def check(tool_calls: list[ToolCall], trace: list[Span]) -> Score | None:
        """Every tool call has arguments that the tool's schema allows."""
        if not tool_calls:
            return None
        offered = _recorded(trace)
        schemas = {name: schema for name, schema in {**offered, **wanted.tools}.items() if schema is not None}
        if not schemas:
            raise NotRecorded("the tools' definitions were not recorded, so what they allow is not known")
        wrong = [problem for call in tool_calls if (problem := _problem(call, schemas, offered))]
        return Score(value=0.0 if wrong else 1.0, explanation="; ".join(wrong) or f"{len(tool_calls)} calls are valid")

    return check_scorer("tool_arguments", check, wanted, title=", ".join(wanted.tools), of_some_calls=())


def _recorded(trace: Iterable[Span]) -> dict[str, Json | None]:
    """Tool → schema, as model calls were offered it: `parameters`, or `input_schema` as Anthropic calls it. None for a
    tool that has none, as those have that the provider runs.
    """
    found: dict[str, Json | None] = {}
    for span in trace:
        for definition in span.tool_definitions or ():
            inner: Json = cast("Json", definition.get("function") or definition)
            schema: Any = inner.get("parameters") or inner.get("input_schema")
            if inner.get("name"):
                found[str(inner["name"])] = cast("Json", schema) if isinstance(schema, dict) else None
    return found


def _problem(call: ToolCall, schemas: Mapping[str, Json], offered: Container[str]) -> str | None:
    if call.name not in schemas:
        return None if call.name in offered else f"there is no tool {call.name}"
    if isinstance(call.arguments, str):
        return f"{call.name}: the arguments are no JSON"
    problem = schema_problem(validator_of(schemas[call.name]), call.arguments if call.arguments is not None else {})
    return f"{call.name}: {problem}" if problem else None
