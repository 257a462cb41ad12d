"""Spans of streams that LlamaIndex closed before the client below it sent the request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import duplicate_links

RowOf = Callable[..., SpanRow]
MS = 1_000_000
ASKED = {
    "llm.model_name": "gpt-4o-mini",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "weather?",
    "openinference.span.kind": "LLM",
}
ANSWERED = {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "sunny"}
PREDICTED = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o-mini",
    "input.value": "SelectorPromptTemplate(metadata={})",
}
SENT = {**ASKED, **ANSWERED, "output.value": json.dumps({"id": "chatcmpl-1", "model": "gpt-4o-mini"})}
LLAMA_INDEX, OPENAI = "openinference.instrumentation.llama_index", "openinference.instrumentation.openai"


@pytest.fixture
def span(row_of: RowOf) -> Callable[..., SpanRow]:
    """A row from one millisecond to another, of a library, under a parent."""

    def build(span_id: str, at: tuple[float, float], attributes: dict[str, Any], **fields: Any) -> SpanRow:
        start, end = (1_763_650_000_000 * MS + int(moment * MS) for moment in at)
        fields = {"scope_name": LLAMA_INDEX, "parent_span_id": "9" * 16, "name": "OpenAI.astream_chat", **fields}
        return row_of(attributes, span_id=span_id * 16, start_ns=start, end_ns=end, **fields)

    return build


def _links(*rows: SpanRow) -> dict[str, str]:
    """First letters of ids: which row points to which; the same in each order."""
    links = duplicate_links(rows)
    assert links == duplicate_links(rows[::-1])
    return {key[1][0]: kept[1][0] for key, kept in links.items()}


def _sent(span: Any, span_id: str, at: tuple[float, float], **fields: Any) -> SpanRow:
    return span(span_id, at, SENT, **{"scope_name": OPENAI, "name": "ChatCompletion", **fields})


def test_an_agent_s_stream_is_one_call(span: Any) -> None:
    """FunctionAgent: the span of LlamaIndex lasts a millisecond, then the client is made. The client's is kept."""
    early = span("a", (0, 0.9), {**ASKED, **ANSWERED})
    assert _links(early, _sent(span, "b", (15, 40))) == {"a": "b"}


def test_a_query_engine_s_stream_is_one_call(span: Any) -> None:
    """The client's span stands beside `stream` and was asked what `stream_chat`, which lies in that, was asked."""
    outer = span("a", (0, 165), PREDICTED, name="OpenAI.stream")
    inner = span("c", (18, 164), {**ASKED, **ANSWERED}, name="OpenAI.stream_chat", parent_span_id="a" * 16)
    assert _links(outer, inner, _sent(span, "b", (167, 250))) == {"a": "b", "c": "b"}


def test_a_stream_that_failed_is_one_call(span: Any) -> None:
    """LlamaIndex learns of it after the end that it gave its span."""
    failed: dict[str, Any] = {"status_code": "error", "status_message": "500"}
    early = span("a", (0, 117), ASKED, **failed)
    sent = span("b", (1_124, 4_186), ASKED, scope_name=OPENAI, name="ChatCompletion", **failed)
    assert _links(early, sent) == {"a": "b"}


def test_parallel_streams_find_each_its_own(span: Any) -> None:
    """As `asyncio.gather` sends them: the span of one lies within the request of another."""
    closed = {"a": (0, 131), "b": (1_019, 1_055), "c": (1_056, 1_092)}
    requests = {"d": (1_011, 1_210), "e": (1_055.5, 1_215), "f": (1_093, 1_218)}
    early = [span(one, at, {**ASKED, **ANSWERED}) for one, at in closed.items()]
    sent = [_sent(span, one, at) for one, at in requests.items()]
    assert _links(*early, *sent) == {"a": "d", "b": "e", "c": "f"}


def test_two_libraries_below_see_one_request(span: Any) -> None:
    """The second takes no other call's span, however alike."""
    early = [span("a", (0, 1), {**ASKED, **ANSWERED}), span("b", (2, 3), {**ASKED, **ANSWERED})]
    beside = {"scope_name": "opentelemetry.instrumentation.openai_v2"}
    sent = [_sent(span, one, at, **more) for one, at, more in (("c", (10, 50), {}), ("d", (11, 49), beside))]
    links = _links(*early, *sent)
    assert {links.get(one, one) for one in "acd"} == {"c"}
    assert "b" not in links


@pytest.mark.parametrize(
    "other",
    [
        {"parent_span_id": "8" * 16},
        {"scope_name": LLAMA_INDEX},
        {"resource": {"service.name": "mall"}},
        {"attributes": {**SENT, "llm.input_messages.0.message.content": "why?"}},
        {"attributes": {**SENT, "llm.model_name": "gpt-5"}},
        {"at": (60_002, 60_100)},
        {"at": (-20, -10)},
    ],
)
def test_another_request_is_another_call(span: Any, other: dict[str, Any]) -> None:
    """Elsewhere, of the library itself, of another service, asked otherwise, of another model, later, before."""
    early = span("a", (0, 1), {**ASKED, **ANSWERED})
    told: dict[str, Any] = {"at": (15, 40), "attributes": SENT, "scope_name": OPENAI, "name": "ChatCompletion", **other}
    assert _links(early, span("b", **told)) == {}
