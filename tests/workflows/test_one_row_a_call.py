"""One row a model call, whatever saw it, in which order and in which batches its spans came."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_i2e.models import Span
from otel_i2e.testing import agent_span, llm_span, row_of, temporary_store
from otel_i2e.workflows.linking import link_calls

_BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXAMPLES = 10
_NATIVE = "com.anthropic.sdk.python"
_OPENINFERENCE = "openinference.instrumentation.anthropic"
_LLAMA_INDEX = "openinference.instrumentation.llama_index"
_OPENLLMETRY = "opentelemetry.instrumentation.anthropic"


_NO_USAGE: dict[str, Any] = {"input_tokens": None, "output_tokens": None}


def _answer(trace: str, layer: int) -> list[dict[str, Any]]:
    """All say one text; a thought only the second knows, and each was told of a tool of its own."""
    thought = [{"type": "reasoning", "content": "Hm."}] * (layer == 1)
    tools = [
        {"type": "tool_call", "id": f"t{n}", "name": f"f{n}", "arguments": {"in": trace}} for n in range(layer + 1)
    ]
    return [{"role": "assistant", "parts": [*thought, {"type": "text", "content": "Yes."}, *tools]}]


class _Call(NamedTuple):
    """What really happened."""

    number: int
    service: str
    model: str
    start: int
    """Milliseconds after the beginning, and how many it took."""
    length: int
    tokens: tuple[int, int]
    failed: bool

    def span(
        self, layer: int = 0, parent: str | None = None, *, trace: str = "a", named: bool = True, **columns: Any
    ) -> Span:
        """What an instrumentation made of it: the deeper its layer, the later it began and the sooner it ended."""
        told: dict[str, Any] = {
            "trace_id": f"{trace}{self.number:031x}",
            "span_id": f"{ord(trace):02x}{layer:02x}{self.number:012x}",
            "parent_span_id": parent,
            **self.times(layer),
            "service_name": self.service,
            "scope_name": "app",
            "request_model": self.model,
            "response_model": self.model,
            "status": "error" if self.failed else "ok",
            "input_tokens": None if self.failed else self.tokens[0],
            "output_tokens": None if self.failed else self.tokens[1],
            "response_id": f"r{self.number}" if named and not self.failed else None,
        }
        told["request_params"] = {"max_tokens": 9, f"of_{layer}": trace}
        told["output_messages"] = None if self.failed else _answer(trace, layer)
        return llm_span("Hi", None if self.failed else "Yes.", **told | columns)

    def times(self, layer: int, ahead: int = 0) -> dict[str, datetime]:
        """When a span of that layer lasted, by a clock that is so many milliseconds ahead."""
        start = self.start + ahead
        return {
            "start_time": _BEGAN + timedelta(milliseconds=start + layer),
            "end_time": _BEGAN + timedelta(milliseconds=start + self.length - layer),
        }


def _once(call: _Call) -> list[Span]:
    return [call.span(named=False)]


def _nested(call: _Call) -> list[Span]:
    outer = call.span(scope_name=_OPENINFERENCE, system="Be brief.")
    return [outer, call.span(1, outer.span_id, scope_name=_NATIVE)]


def _three_deep(call: _Call) -> list[Span]:
    outer = call.span(named=False, request_model=f"router/{call.model}")
    middle = call.span(1, outer.span_id, named=False)
    return [outer, middle, call.span(2, middle.span_id, scope_name=_NATIVE)]


def _beside(call: _Call) -> list[Span]:
    """OpenLLMetry does not make its span current: the SDK's own stands in a trace of its own."""
    return [call.span(named=call.number % 2 == 0), call.span(1, trace="b", scope_name=_NATIVE)]


def _in_a_chain(call: _Call) -> list[Span]:
    """LangChain's span is not current: the client's stands in a trace of its own, and a failure has no id."""
    outer = call.span(parent="9" * 16, scope_name="openinference.instrumentation.langchain")
    return [outer, call.span(1, trace="b", scope_name=_OPENINFERENCE)]


def _beside_under_one_root(call: _Call) -> list[Span]:
    """The same in an application that has a span of its own around."""
    return [
        call.span(parent="9" * 16, named=call.number % 2 == 0),
        call.span(1, "9" * 16, scope_name=_NATIVE),
    ]


def _with_server(call: _Call) -> list[Span]:
    """The server's clock is five seconds ahead."""
    own = call.span(scope_name=_NATIVE)
    server: dict[str, Any] = {"scope_name": "com.anthropic.claude-platform", "service_name": "claude"}
    server |= call.times(1, ahead=5_000)
    return [own, call.span(1, own.span_id, **server)]


def _raw_inside(call: _Call) -> list[Span]:
    outer = call.span(scope_name="litellm")
    return [outer, call.span(1, outer.span_id, scope_name="litellm", name="raw_gen_ai_request", named=False)]


def _framework(call: _Call) -> list[Span]:
    """LlamaIndex: both say that they are the call, neither knows its id; an agent around repeats the usage."""
    agent = agent_span(span_id=f"ff{call.number:014x}", input_tokens=call.tokens[0], output_tokens=call.tokens[1])
    agent = agent.model_copy(update={name: getattr(call.span(), name) for name in ("trace_id", "start_time")})
    outer = call.span(1, agent.span_id, named=False)
    return [agent, outer, call.span(2, outer.span_id, named=False)]


def _two_libraries(call: _Call) -> list[Span]:
    """Neither knows of the other, and the SDK's own span is in the second. A failed call has no id to tell it by."""
    if call.failed:
        return _nested(call)
    outer = call.span(1, trace="b", scope_name=_OPENINFERENCE)
    return [call.span(scope_name="openllmetry"), outer, call.span(2, outer.span_id, trace="b", scope_name=_NATIVE)]


def _three_libraries(call: _Call) -> list[Span]:
    """One around two that do not make their spans current; every other call without an id."""
    outer = call.span(named=False, scope_name=_OPENINFERENCE)
    named = call.number % 2 == 0
    return [
        outer,
        call.span(1, outer.span_id, named=named, scope_name=_OPENLLMETRY),
        call.span(2, outer.span_id, named=named, scope_name=_NATIVE),
    ]


def _three_traces(call: _Call) -> list[Span]:
    """None makes its span current, only the innermost may know an id."""
    return [
        call.span(named=False, scope_name="traceloop"),
        call.span(1, trace="b", named=False, scope_name=_OPENLLMETRY),
        call.span(2, trace="c", named=call.number % 2 == 0, scope_name=_NATIVE),
    ]


def _parallel(call: _Call) -> list[Span]:
    """Many calls under one parent, each seen by two libraries, neither of which makes its span current."""
    where: dict[str, Any] = {"trace_id": "7" * 32, "parent": "9" * 16, "named": False}
    return [call.span(scope_name=_OPENINFERENCE, **where), call.span(1, scope_name=_OPENLLMETRY, **where)]


def _uncounted(call: _Call) -> list[Span]:
    """One of two side by side was not told the usage of a stream."""
    where: dict[str, Any] = {"parent": "9" * 16, "named": False}
    outer = call.span(scope_name=_OPENINFERENCE, **where, **_NO_USAGE)
    return [outer, call.span(1, scope_name=_OPENLLMETRY, **where)]


def _closed_early(call: _Call, **where: Any) -> list[Span]:
    """LlamaIndex closes the span of a stream before the client below it sends the request."""
    where = {"parent": "9" * 16, "named": False, **where}
    early = call.span(scope_name=_LLAMA_INDEX, name="OpenAI.stream", **where, **_NO_USAGE)
    inner = call.span(
        1, early.span_id, named=False, trace_id=early.trace_id, scope_name=_LLAMA_INDEX, name="OpenAI.stream_chat"
    )
    sent = call._replace(start=call.start + call.length).span(2, scope_name=f"{_OPENINFERENCE}_sdk", **where)
    return [early, inner.model_copy(update=_NO_USAGE), sent]


def _closed_early_parallel(call: _Call) -> list[Span]:
    """Many such streams under one parent: a span of one begins while the request of another is on its way."""
    return _closed_early(call, trace_id="8" * 32)


def _raw_and_more_inside(call: _Call) -> list[Span]:
    """LiteLLM around its own raw request, which counts nothing, and another library."""
    outer = call.span(named=False, scope_name="litellm")
    raw: dict[str, Any] = {"scope_name": "litellm", "name": "raw_gen_ai_request", **_NO_USAGE}
    return [
        outer,
        call.span(1, outer.span_id, named=False, **raw),
        call.span(2, outer.span_id, scope_name=_OPENLLMETRY),
    ]


def _spans_between(call: _Call) -> list[Span]:
    """Spans of other libraries lie between a call and what it repeats."""
    outer = call.span(named=False, scope_name=_OPENINFERENCE)
    chain = call.span(1, outer.span_id, named=False, kind="chain", name="RunnableSequence", **_NO_USAGE)
    post = call.span(2, chain.span_id, named=False, kind="other", name="POST", **_NO_USAGE)
    return [outer, chain, post, call.span(3, post.span_id, named=False, scope_name=_OPENLLMETRY)]


def _tool_between(call: _Call) -> list[Span]:
    """What a tool asks a model is another call, however alike."""
    outer = call.span(named=False)
    tool = call.span(1, outer.span_id, named=False, kind="tool", name="ask", **_NO_USAGE)
    return [outer, tool, call.span(2, tool.span_id, named=False, scope_name=_OPENLLMETRY)]


def _strangers(call: _Call) -> list[Span]:
    """Two calls, of two libraries, that are alike but in what was asked, and whom."""
    other: dict[str, Any] = {"request_model": f"{call.model}-mini", "response_model": None, "input_text": "Well?"}
    asked: dict[str, Any] = {"input_text": "Ill?", "response_model": None}
    return [
        call.span(named=False, scope_name=_OPENINFERENCE),
        call.span(1, trace="d", named=False, scope_name=_OPENLLMETRY, **asked),
        call.span(2, trace="e", scope_name=_NATIVE, **other),
    ]


def _late_answer(call: _Call) -> list[Span]:
    """Logfire's stream: a span without an answer, and the answer as a span of another trace, when the stream ended."""
    begun = call.span(named=False, scope_name="logfire.openai", input_tokens=None, output_tokens=None)
    late = call.span(1, trace="c", named=False, scope_name="logfire.openai", name="streaming response from 'm' took 1s")
    return [begun] if call.failed else [begun, late.model_copy(update={"start_time": begun.end_time})]


def _late_answer_inside(call: _Call) -> list[Span]:
    """pydantic-ai around Logfire's stream, many at once: it knows the id of the answer, and the request does not."""
    where: dict[str, Any] = {"trace_id": "6" * 32, "scope_name": "logfire.openai"}
    outer = call.span(trace_id=where["trace_id"], scope_name="pydantic-ai")
    begun = call.span(1, outer.span_id, named=False, **where, **_NO_USAGE)
    late = call.span(2, outer.span_id, name="streaming response from 'm' took 1s", **where)
    return [outer, begun] if call.failed else [outer, begun, late.model_copy(update={"start_time": late.end_time})]


def _wrapper_of_two(call: _Call) -> list[Span]:
    """Two calls, and a span around them that says their sum."""
    outer = call.span(named=False)
    if not call.failed:
        outer = outer.model_copy(update={"input_tokens": 2 * call.tokens[0], "output_tokens": 2 * call.tokens[1]})
    return [outer, call.span(1, outer.span_id, named=False), call.span(2, outer.span_id, named=False)]


def _tried_again(call: _Call) -> list[Span]:
    """The first attempt failed, inside of a call that did not, if the second did not."""
    outer = call.span(named=False)
    half = call.length // 2
    first = call._replace(failed=True, length=half)
    second = call._replace(start=call.start + half, length=half)
    again = second.span(2, outer.span_id, named=False, scope_name=_NATIVE)
    return [outer, first.span(1, outer.span_id), again]


def _replayed(call: _Call) -> list[Span]:
    """A recorded answer, given twice by one library: one id, two calls."""
    return [call.span(), call.span(1, trace="d")]


_Seen = Callable[[_Call], list[Span]]
_SEEN: dict[str, tuple[_Seen, int, int]] = {
    "once": (_once, 1, 1),
    "nested": (_nested, 1, 1),
    "three deep": (_three_deep, 1, 1),
    "beside": (_beside, 1, 1),
    "beside, one root": (_beside_under_one_root, 1, 1),
    "in a chain": (_in_a_chain, 1, 1),
    "with the server's": (_with_server, 1, 1),
    "raw inside": (_raw_inside, 1, 1),
    "framework": (_framework, 1, 1),
    "two libraries": (_two_libraries, 1, 1),
    "late answer": (_late_answer, 1, 1),
    "late answer inside": (_late_answer_inside, 1, 1),
    "wrapper of two": (_wrapper_of_two, 2, 2),
    "tried again": (_tried_again, 2, 1),
    "replayed": (_replayed, 2, 2),
    "three libraries": (_three_libraries, 1, 1),
    "three traces": (_three_traces, 1, 1),
    "parallel": (_parallel, 1, 1),
    "uncounted": (_uncounted, 1, 1),
    "closed early": (_closed_early, 1, 1),
    "closed early, parallel": (_closed_early_parallel, 1, 1),
    "raw and more inside": (_raw_and_more_inside, 1, 1),
    "spans between": (_spans_between, 1, 1),
    "tool between": (_tool_between, 2, 2),
    "strangers": (_strangers, 3, 3),
}
"""How a call is seen, how many calls that are, and how often its tokens were spent."""
_TOKENS = [(100, 10), (200, 20)]
_CALLS = st.tuples(
    st.integers(0, 40), st.integers(20, 60), st.sampled_from(_TOKENS), st.booleans(), st.sampled_from(sorted(_SEEN))
)


def _llm_calls(batches: Sequence[Sequence[Span]]) -> list[dict[str, Any]]:
    """The view after `batches`, each delivered as its own."""
    with temporary_store() as store:
        for batch in batches:
            rows = [row_of(span) for span in batch]
            with store.write() as writer:
                link_calls(writer, rows)
                writer.add_spans(rows)
        with store.read() as reader:
            return reader.rows("SELECT * EXCLUDE (ingested_at) FROM llm_calls ORDER BY trace_id, span_id")


@given(happened=st.lists(_CALLS, min_size=1, max_size=5), one_service=st.booleans(), data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_order_and_batches_do_not_change_the_calls(happened: list[Any], one_service: bool, data: st.DataObject) -> None:
    """Every call is one row with its tokens, and the rows are the same however their spans came.

    The libraries of a service see all of its calls: each way of seeing has a service of its own, or a model.
    """
    calls = [
        _Call(number, *(("shop", f"claude-{told[4]}") if one_service else (told[4], "claude-sonnet-5")), *told[:4])
        for number, told in enumerate(happened)
    ]
    ways = [_SEEN[told[4]] for told in happened]
    spans = [span for call, (seen, _, _) in zip(calls, ways, strict=True) for span in seen(call)]
    whole = _llm_calls([spans])
    spent = [(call.tokens, times) for call, (_, _, times) in zip(calls, ways, strict=True) if not call.failed]
    assert len(whole) == sum(count for _, count, _ in ways)
    assert sum(row["input_tokens"] or 0 for row in whole) == sum(times * tokens[0] for tokens, times in spent)
    assert sum(row["output_tokens"] or 0 for row in whole) == sum(times * tokens[1] for tokens, times in spent)
    shuffled = data.draw(st.permutations(spans))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(spans)), max_size=4)))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(spans)], strict=True)]
    again = data.draw(st.lists(st.sampled_from(spans), max_size=2))
    assert _llm_calls([*batches, again]) == whole


def _told(told: Sequence[Span]) -> tuple[Any, Any, list[Any]]:
    """Parameters, sorts of parts, and tools of the only call after `told`, one by one."""
    (row,) = _llm_calls([[span] for span in told])
    parts = [
        part
        for name in ("input_messages", "output_messages")
        for message in json.loads(row[name])
        for part in message["parts"]
    ]
    tools = [tool["name"] for tool in json.loads(row["tool_definitions"])]
    return json.loads(row["request_params"]), sorted(part["type"] for part in parts), tools


def test_what_only_one_library_told_of_a_call_is_on_its_row() -> None:
    """An image, a thought, a tool call, a parameter, a tool: whichever comes first."""
    call = _Call(1, "shop", "claude-sonnet-5", 0, 20, (100, 10), failed=False)
    text = {"type": "text", "content": "Hi"}
    image = {"type": "blob", "mime_type": "image/png", "modality": "image", "sha256": "ab", "bytes": 3}
    outer = call.span(
        scope_name=_OPENINFERENCE,
        system="Be brief.",
        finish_reasons=["stop"],
        conversation_id="c",
        input_messages=[{"role": "user", "parts": [text]}],
        output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": "Yes."}]}],
        request_params={"max_tokens": 9},
        tool_definitions=[{"name": "f0"}],
    )
    inner = call.span(
        1,
        outer.span_id,
        scope_name=_NATIVE,
        input_messages=[{"role": "user", "parts": [image, text]}],
        request_params={"max_tokens": 8, "stream": True},
        tool_definitions=[{"name": "f0", "parameters": {"type": "object"}}, {"name": "f1"}],
    )
    expected = (
        {"max_tokens": 9, "stream": True},
        ["blob", "reasoning", "text", "text", "tool_call", "tool_call"],
        ["f0", "f1"],
    )
    assert _told([outer, inner]) == _told([inner, outer]) == _told([inner, outer, inner]) == expected


def test_what_a_wrapper_of_several_calls_told_is_on_none_of_them() -> None:
    """It repeats the last call, but its tools are those of all."""
    call = _Call(1, "shop", "claude-sonnet-5", 0, 20, (100, 10), failed=False)
    outer, first, last = _wrapper_of_two(call)
    outer = outer.model_copy(update={"output_messages": _answer("w", 7)})
    for order in ([outer, first, last], [last, first, outer]):
        rows = _llm_calls([[span] for span in order])
        assert [len(json.loads(row["output_messages"])[0]["parts"]) for row in rows] == [4, 4]


def test_a_call_that_loses_its_other_telling_says_only_its_own() -> None:
    """A second call inside shows that the span around both is a wrapper: what it told is taken back."""
    call = _Call(1, "shop", "claude-sonnet-5", 0, 20, (100, 10), failed=False)
    outer, first, last = _wrapper_of_two(call)
    outer = outer.model_copy(update={**_NO_USAGE, "output_messages": _answer("w", 7)})
    together = _llm_calls([[outer, first, last]])
    assert len(json.loads(_llm_calls([[outer], [first]])[0]["output_messages"])[0]["parts"]) == 10
    for order in ([outer, first, last], [first, outer, last], [last, outer, first]):
        assert _llm_calls([[span] for span in order]) == together
    assert [len(json.loads(row["output_messages"])[0]["parts"]) for row in together] == [4, 4]


def test_content_that_came_late_is_merged_too() -> None:
    """A row that is replaced, since log records brought its content, tells the call anew."""
    call = _Call(1, "shop", "claude-sonnet-5", 0, 20, (100, 10), failed=False)
    outer = call.span(scope_name=_OPENINFERENCE, system="Be brief.")
    inner = call.span(1, outer.span_id, scope_name=_NATIVE, output_messages=None, output_text=None)
    with temporary_store([]) as store:
        with store.write() as writer:
            rows = [row_of(outer), row_of(inner)]
            link_calls(writer, rows)
            writer.add_spans(rows)
        with store.write() as writer:
            (read,) = writer.stored_spans({(inner.trace_id, inner.span_id)})
            full = row_of(call.span(1, outer.span_id, scope_name=_NATIVE))
            again = [{**full, "ingested_at": read["ingested_at"]}]
            link_calls(writer, again)
            writer.replace_spans(again)
        with store.read() as reader:
            (row,) = reader.rows("SELECT output_messages FROM llm_calls")
    assert [part["type"] for part in json.loads(row["output_messages"])[0]["parts"]].count("tool_call") == 2
