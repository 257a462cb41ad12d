"""Spans of the application's own steps: `with span("plan", kind="agent") as step: …`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Literal

from opentelemetry import trace

from otel_i2e.semconv import (
    I2E_KIND,
    I2E_SCOPE,
    INPUT_MIME_TYPE,
    INPUT_VALUE,
    OPERATION_NAME,
    OUTPUT_MIME_TYPE,
    OUTPUT_VALUE,
    RETRIEVAL_QUERY,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_RESULT,
    TOOL_NAME,
)
from otel_i2e.values import as_text

__all__ = ["Kind", "ObservedSpan", "begin_span", "span"]

Kind = Literal["llm", "agent", "tool", "retrieval", "embedding", "chain", "other"]
"""What a span stands for; the column `kind`."""

_OPERATIONS: Final = {
    "llm": "chat",
    "agent": "invoke_agent",
    "tool": "execute_tool",
    "retrieval": "retrieval",
    "embedding": "embeddings",
}
"""`gen_ai.operation.name` for the kinds that have one."""


class ObservedSpan:
    """A span under way. Its methods never raise, and do nothing when nothing is recorded."""

    def __init__(self, inner: trace.Span, kind: str) -> None:
        self.inner = inner
        """The OpenTelemetry span."""
        self.kind = kind
        """As it was given."""

    @property
    def trace_id(self) -> str:
        """32 lower-case hex digits; zeros when nothing is recorded."""
        return trace.format_trace_id(self.inner.get_span_context().trace_id)

    def current(self) -> AbstractContextManager[trace.Span]:
        """Make it the current span for a block, which neither ends it nor marks it as failed."""
        return trace.use_span(self.inner, record_exception=False, set_status_on_exception=False)

    def record_error(self, error: BaseException) -> None:
        """Record that the step failed with `error`."""
        if self.inner.is_recording():
            self.inner.record_exception(error)
            self.inner.set_status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}")

    def set_attribute(self, key: str, value: Any) -> None:
        """Set an attribute: text, a number, a truth value, or anything else as JSON."""
        if self.inner.is_recording():
            self.inner.set_attribute(key, value if isinstance(value, str | int | float) else as_text(value)[0])

    def set_input(self, value: Any) -> None:
        """What the step was given: text as it is, anything else as JSON. A tool's arguments, a retrieval's query."""
        if not self.inner.is_recording():
            return
        text, mime_type = as_text(value)
        facts = {INPUT_VALUE: text, INPUT_MIME_TYPE: mime_type}
        if self.kind == "tool":
            facts[TOOL_CALL_ARGUMENTS] = text
        elif self.kind == "retrieval" and (query := _query(value)) is not None:
            facts[RETRIEVAL_QUERY] = query
        self.inner.set_attributes(facts)

    def set_output(self, value: Any) -> None:
        """What came of it, as `set_input`. A tool's result."""
        if not self.inner.is_recording():
            return
        text, mime_type = as_text(value)
        facts = {OUTPUT_VALUE: text, OUTPUT_MIME_TYPE: mime_type}
        if self.kind == "tool":
            facts[TOOL_CALL_RESULT] = text
        self.inner.set_attributes(facts)


@contextmanager
def span(name: str, *, kind: Kind = "chain", input: Any = None, output: Any = None) -> Generator[ObservedSpan]:
    """A span of `kind` around the block; an exception is recorded on it and goes on.

    `input` and `output` may be given here or set on the yielded ObservedSpan.
    """
    observed = begin_span(name, kind)
    with trace.use_span(observed.inner, end_on_exit=True):
        if input is not None:
            observed.set_input(input)
        if output is not None:
            observed.set_output(output)
        yield observed


def begin_span(name: str, kind: str) -> ObservedSpan:
    """A started span, not made current; whoever begins it ends `inner`."""
    attributes = {I2E_KIND: kind}
    if kind in _OPERATIONS:
        attributes[OPERATION_NAME] = _OPERATIONS[kind]
    if kind == "tool":
        attributes[TOOL_NAME] = name
    return ObservedSpan(trace.get_tracer(I2E_SCOPE).start_span(name, attributes=attributes), kind)


def _query(value: Any) -> str | None:
    """The query among a retrieval's input: itself, or an argument of that name, or the only text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    texts: dict[str, str] = {str(key): item for key, item in value.items() if isinstance(item, str)}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- any dict
    return texts.get("query") or (next(iter(texts.values())) if len(texts) == 1 else None)
