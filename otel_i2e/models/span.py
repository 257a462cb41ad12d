"""The span that is stored: the canonical form of every dialect, and its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.document import Document
from otel_i2e.models.json_text import loads_as_python

__all__ = ["JSON_COLUMNS", "SPAN_COLUMNS", "Span", "SpanRow"]

SPAN_COLUMNS: Final[dict[str, str]] = {
    # identity
    "trace_id": "VARCHAR",
    "span_id": "VARCHAR",
    "parent_span_id": "VARCHAR",
    "name": "VARCHAR",
    "kind": "VARCHAR",
    "operation": "VARCHAR",
    "duplicate_of": "VARCHAR",
    "duplicate_trace_id": "VARCHAR",
    # time, outcome
    "start_time": "TIMESTAMPTZ",
    "end_time": "TIMESTAMPTZ",
    "duration_ms": "DOUBLE",
    "status": "VARCHAR",
    "status_message": "VARCHAR",
    "error_type": "VARCHAR",
    "error_code": "VARCHAR",
    # origin
    "service_name": "VARCHAR",
    "service_version": "VARCHAR",
    "environment": "VARCHAR",
    "scope_name": "VARCHAR",
    "dialect": "VARCHAR",
    "resource": "JSON",
    # model
    "provider": "VARCHAR",
    "request_model": "VARCHAR",
    "response_model": "VARCHAR",
    "response_id": "VARCHAR",
    "request_params": "JSON",
    "finish_reasons": "VARCHAR[]",
    # prompt
    "prompt_name": "VARCHAR",
    "prompt_version": "VARCHAR",
    "prompt_variables": "JSON",
    "prompt_hash": "VARCHAR",
    # who
    "conversation_id": "VARCHAR",
    "user_id": "VARCHAR",
    # content
    "system_instructions": "JSON",
    "input_messages": "JSON",
    "output_messages": "JSON",
    "tool_definitions": "JSON",
    "input_text": "VARCHAR",
    "output_text": "VARCHAR",
    "documents": "JSON",
    "tool_name": "VARCHAR",
    "tool_call_id": "VARCHAR",
    "tool_arguments": "JSON",
    "tool_result": "JSON",
    "content_state": "VARCHAR",
    # usage
    "input_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "cache_read_tokens": "BIGINT",
    "cache_write_tokens": "BIGINT",
    "reasoning_tokens": "BIGINT",
    "cost_usd": "DOUBLE",
    # raw
    "attributes": "JSON",
    "events": "JSON",
    "links": "JSON",
    # ours
    "experiment_id": "VARCHAR",
    "case_id": "VARCHAR",
    "repeat": "INTEGER",
    "ingested_at": "TIMESTAMPTZ",
}
"""Columns of the table `spans`, in order, with their DuckDB types. Public interface: users query it."""

JSON_COLUMNS: Final = frozenset(name for name, kind in SPAN_COLUMNS.items() if kind == "JSON")

SpanRow = dict[str, Any]
"""A span on its way into the store, in the hot path: a plain dict whose keys are exactly SPAN_COLUMNS,
and `wraps`, where it is linked.

JSON columns hold JSON *text* or None, `attributes` may also be the object that was sent: the store writes it, and
texts that have a column of their own once. Times hold integer microseconds since the epoch (UTC); `finish_reasons`
holds a list of str or None. `Span.from_row` reads one.
"""


class Span(Contract):
    """One span, as a scorer or a workflow sees it. Fields are the columns of `spans`; JSON is parsed."""

    trace_id: str
    """32 lower-case hex digits."""
    span_id: str
    """16 lower-case hex digits."""
    parent_span_id: str | None = None
    """None for a root span."""
    name: str = ""
    """As the emitter named it."""
    kind: str = "other"
    """`llm`, `agent`, `tool`, `retrieval`, `embedding`, `chain` or `other`."""
    operation: str | None = None
    """`gen_ai.operation.name`, as sent."""
    duplicate_of: str | None = None
    """Span id of the call that this span repeats."""
    duplicate_trace_id: str | None = None
    """Trace id of that call, where it is not this span's."""
    start_time: datetime | None = None
    """UTC."""
    end_time: datetime | None = None
    """UTC."""
    duration_ms: float | None = None
    """End less start, in milliseconds."""
    status: str = "ok"
    """`ok` or `error`; unset is `ok`."""
    status_message: str | None = None
    """The error message, where one was sent."""
    error_type: str | None = None
    """`error.type`: a class name or an API's error type."""
    error_code: str | None = None
    """HTTP or gRPC status code of the failure."""
    service_name: str | None = None
    """`service.name` of the resource."""
    service_version: str | None = None
    """`service.version` of the resource."""
    environment: str | None = None
    """`deployment.environment.name` of the resource."""
    scope_name: str | None = None
    """Instrumentation scope."""
    dialect: str | None = None
    """The main family of attribute names that was recognised."""
    resource: Json | None = None
    """All resource attributes."""
    provider: str | None = None
    """`gen_ai.provider.name`, in the conventions' spelling."""
    request_model: str | None = None
    """The model that was asked for."""
    response_model: str | None = None
    """The model that answered."""
    response_id: str | None = None
    """The provider's id of the answer."""
    request_params: Json | None = None
    """Bare names: `temperature`, `max_tokens`, …"""
    finish_reasons: list[str] | None = None
    """Why generation ended, one per choice."""
    prompt_name: str | None = None
    """Name of the prompt template."""
    prompt_version: str | None = None
    """Version of the prompt template."""
    prompt_variables: Json | None = None
    """Values the template was filled with."""
    prompt_hash: str | None = None
    """Of system instructions and tool definitions: 16 hex digits of SHA-256."""
    conversation_id: str | None = None
    """`gen_ai.conversation.id`."""
    user_id: str | None = None
    """`user.id`."""
    system_instructions: list[Json] | None = None
    """Parts: `{"type": "text", "content": …}`."""
    input_messages: list[Json] | None = None
    """`{"role", "parts": […]}`, as in the OpenTelemetry JSON schemas."""
    output_messages: list[Json] | None = None
    """One message per choice."""
    tool_definitions: list[Json] | None = None
    """`{"name", "description", "parameters"}`."""
    input_text: str | None = None
    """The last user text; the query of a retrieval; the input of a chain."""
    output_text: str | None = None
    """The text of the first choice; the output of a chain."""
    documents: list[Document] | None = None
    """Retrieved documents."""
    tool_name: str | None = None
    """Of a tool execution."""
    tool_call_id: str | None = None
    """Of a tool execution: the id of the call it answers."""
    tool_arguments: Any = None
    """Of a tool execution: parsed arguments."""
    tool_result: Any = None
    """Of a tool execution: what came back."""
    content_state: str = "missing"
    """`full`, `truncated`, `missing` or `redacted`."""
    input_tokens: int | None = None
    """All input, cached included."""
    output_tokens: int | None = None
    """All output, reasoning included."""
    cache_read_tokens: int | None = None
    """Part of the input that was read from the prompt cache."""
    cache_write_tokens: int | None = None
    """Part of the input that was written to the prompt cache."""
    reasoning_tokens: int | None = None
    """Part of the output that was reasoning."""
    cost_usd: float | None = None
    """US dollars, from the emitter or from list prices; None when the model has no known price."""
    attributes: Json | None = None
    """All span attributes as sent."""
    events: list[Json] | None = None
    """`{"name", "time", "attributes"}`."""
    links: list[Json] | None = None
    """`{"trace_id", "span_id", "attributes"}`."""
    experiment_id: str | None = None
    """None in production."""
    case_id: str | None = None
    """None in production."""
    repeat: int | None = None
    """None in production; from 0 in an experiment."""
    ingested_at: datetime | None = None
    """When the row was stored."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Span:
        """A Span from a SpanRow, or from a database row given as a mapping (JSON as text, times as datetime)."""
        values = {name: _parsed(name, row[name]) for name in SPAN_COLUMNS if row.get(name) is not None}
        return cls.model_validate(values)

    @property
    def model(self) -> str | None:
        """The model that answered, or else the one that was asked for."""
        return self.response_model or self.request_model


def _parsed(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS and isinstance(value, str):
        return loads_as_python(value)
    if SPAN_COLUMNS[name] == "TIMESTAMPTZ" and isinstance(value, int):
        return datetime.fromtimestamp(value / 1_000_000, UTC)
    if name == "finish_reasons" and isinstance(value, Sequence):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- a LIST column
    return value
