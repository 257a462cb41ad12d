"""Builders of spans with sensible content: say what matters to a test, the rest is filled in.

    answer = llm_span("Can I return it?", "Yes, within 30 days.", documents=["Returns: 30 days."])
    turn = trace_of(agent_span("Can I return it?", "Yes."), retrieval_span("return", ["…"]), answer)

Every builder takes any column of `models.Span` by name, which wins over what it would have filled in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from otel_i2e.models import JSON_COLUMNS, SPAN_COLUMNS, Document, Span, SpanRow, ToolCall

__all__ = ["agent_span", "llm_span", "retrieval_span", "row_of", "tool_span", "trace_of"]


def llm_span(
    input: str | None = "Hi",
    output: str | None = "Hello!",
    *,
    system: str | None = None,
    documents: Iterable[str | Document] = (),
    tool_calls: Iterable[ToolCall] = (),
    **columns: Any,
) -> Span:
    """A model call by Claude; `input` or `output` None leaves that content out."""
    calls = [
        {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments} for call in tool_calls
    ]
    answer = [*_text_part(output), *calls]
    given: dict[str, Any] = {
        "name": "chat claude-sonnet-5",
        "kind": "llm",
        "operation": "chat",
        "provider": "anthropic",
        "request_model": "claude-sonnet-5",
        "response_model": "claude-sonnet-5",
        "finish_reasons": ["tool_call" if calls else "stop"],
        "system_instructions": _text_part(system) or None,
        "input_messages": [{"role": "user", "parts": _text_part(input)}] if input is not None else None,
        "output_messages": [{"role": "assistant", "parts": answer}] if answer else None,
        "input_text": input,
        "output_text": output,
        "documents": _documents(documents) or None,
        "content_state": "missing" if input is None and output is None else "full",
        "input_tokens": 100,
        "output_tokens": 20,
    }
    return _span(given, columns)


def agent_span(input: str | None = "Hi", output: str | None = "Hello!", **columns: Any) -> Span:
    """The root of one turn of an application, as `@observe(kind="agent")` records it."""
    given = {"name": "answer", "kind": "agent", "input_text": input, "output_text": output, "content_state": "full"}
    return _span(given, columns)


def tool_span(name: str, arguments: Any = None, result: Any = None, **columns: Any) -> Span:
    """One execution of a tool."""
    given = {
        "name": name,
        "kind": "tool",
        "operation": "execute_tool",
        "tool_name": name,
        "tool_arguments": arguments,
        "tool_result": result,
        "content_state": "full",
    }
    return _span(given, columns)


def retrieval_span(query: str, documents: Iterable[str | Document], **columns: Any) -> Span:
    """One retrieval; a document given as text is named `doc-1`, `doc-2`, …"""
    given = {
        "name": "retrieve",
        "kind": "retrieval",
        "operation": "retrieval",
        "input_text": query,
        "documents": _documents(documents),
        "content_state": "full",
    }
    return _span(given, columns)


def trace_of(root: Span, *children: Span) -> tuple[Span, ...]:
    """The spans as one trace: the root's trace id, the root as parent of all, one second apart in order."""
    began = root.start_time or datetime.now(UTC)
    spans = [root.model_copy(update={"start_time": began})]
    for position, child in enumerate(children, 1):
        at = {"start_time": began + timedelta(seconds=position)}
        spans.append(child.model_copy(update={"trace_id": root.trace_id, "parent_span_id": root.span_id, **at}))
    return tuple(spans)


def row_of(span: Span) -> SpanRow:
    """The span as the hot path carries it: attributes as an object, other JSON as text, times in microseconds."""
    values = span.model_dump(mode="json")
    row = {name: _cell(name, values[name]) for name in SPAN_COLUMNS}
    for name in ("start_time", "end_time", "ingested_at"):
        moment: datetime | None = getattr(span, name)
        row[name] = round(moment.timestamp() * 1_000_000) if moment is not None else None
    return row


def _span(given: dict[str, Any], columns: dict[str, Any]) -> Span:
    values: dict[str, Any] = {
        "trace_id": uuid4().hex,
        "span_id": uuid4().hex[:16],
        "start_time": datetime.now(UTC),
        "duration_ms": 1000.0,
        "service_name": "shop",
        **given,
        **columns,
    }
    values.setdefault("end_time", values["start_time"] + timedelta(milliseconds=values["duration_ms"]))
    return Span.model_validate(values)


def _cell(name: str, value: Any) -> Any:
    is_text = name in JSON_COLUMNS and name != "attributes" and value is not None
    return json.dumps(value, ensure_ascii=False) if is_text else value


def _text_part(text: str | None) -> list[dict[str, Any]]:
    return [{"type": "text", "content": text}] if text is not None else []


def _documents(documents: Iterable[str | Document]) -> Sequence[Document]:
    return [
        Document(id=f"doc-{position}", content=document) if isinstance(document, str) else document
        for position, document in enumerate(documents, 1)
    ]
