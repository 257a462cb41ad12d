"""`tool_arguments`: every tool call has arguments that the tool's own schema allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from pydantic import Field

from otel_i2e.models import Contract, Json, Score, Span, ToolCall
from otel_i2e.score.answer import NotRecorded
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks.json_schema import schema_problem
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
        schemas = {**_recorded(trace), **wanted.tools}
        if not schemas:
            raise NotRecorded("the tools' definitions were not recorded, so what they allow is not known")
        wrong = [problem for call in tool_calls if (problem := _problem(call, schemas))]
        return Score(value=0.0 if wrong else 1.0, explanation="; ".join(wrong) or f"{len(tool_calls)} calls are valid")

    return check_scorer("tool_arguments", check, wanted, title=", ".join(wanted.tools), of_some_calls=())


def _recorded(trace: Iterable[Span]) -> dict[str, Json]:
    """Tool → schema, as model calls were offered it: `parameters`, or `input_schema` as Anthropic calls it."""
    found: dict[str, Json] = {}
    for span in trace:
        for definition in span.tool_definitions or ():
            inner: Json = cast("Json", definition.get("function") or definition)
            schema: Any = inner.get("parameters") or inner.get("input_schema")
            if isinstance(schema, dict) and inner.get("name"):
                found[str(inner["name"])] = cast("Json", schema)
    return found


def _problem(call: ToolCall, schemas: dict[str, Json]) -> str | None:
    if call.name not in schemas:
        return f"there is no tool {call.name}"
    if isinstance(call.arguments, str):
        return f"{call.name}: the arguments are no JSON"
    problem = schema_problem(schemas[call.name], call.arguments if call.arguments is not None else {})
    return f"{call.name}: {problem}" if problem else None
