"""A raw span becomes a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import SPAN_COLUMNS, Span, SpanRow
from otel_i2e.normalize import RawEvent, RawLink, RawLog, RawSpan, normalize_span, raw_of
from otel_i2e.normalize.candidates import _PARAMS, _USES

RowOf = Callable[..., SpanRow]

_names = st.sampled_from(
    [
        *_USES,
        *_PARAMS,
        "gen_ai.prompt.0.content",
        "gen_ai.prompt.0.tool_calls.0.arguments",
        "gen_ai.completion.0.finish_reason",
        "gen_ai.prompt.variable.x",
        "llm.input_messages.0.message.contents.0.message_content.type",
        "llm.input_messages.0.message.role",
        "llm.input_messages.0.message",
        "llm.tools.0.tool.json_schema",
        "retrieval.documents.0.document.score",
        "http.status_code",
        "error.message",
        "openinference.span.kind",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "[",
        "[]",
        "{}",
        '"x"',
        "null",
        '[{"role":"user","parts":[{"type":"text","content":"\\ud800"}]}]',
        '[{"role":"system","content":"s"}]',
        '{"messages":[[]]}',
        '[{"type":"tool_result","content":[{"type":"text"}]}]',
        "\x00",
        "LLM",
        "chat",
        "9" * 400,
        "1e999",
        "-1",
    ]
)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "parts", "content", "type", "id", "name", "messages"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
_attributes = st.dictionaries(_names, _values, max_size=8)
_times = st.integers(0, 2**64 - 1)
_event_names = st.sampled_from(["gen_ai.choice", "gen_ai.user.message", "exception", "gen_ai.content.prompt", "other"])


@given(
    _attributes,
    st.tuples(_times, _times),
    st.lists(st.tuples(_event_names, _times, _attributes), max_size=2),
    st.lists(st.tuples(_event_names, _values, _attributes), max_size=2),
    st.tuples(st.sampled_from(["unset", "ok", "error"]), st.sampled_from(["", "com.anthropic.sdk.python"])),
)
def test_any_span_becomes_a_row_that_loses_nothing(
    attributes: dict[str, Any],
    times: tuple[int, int],
    events: list[tuple[str, int, dict[str, Any]]],
    logs: list[tuple[str, Any, dict[str, Any]]],
    ending: tuple[str, str],
) -> None:
    """Never an error; exactly the columns; every raw attribute and event survives; the row fits the contract."""
    (start, end), (status, scope) = times, ending
    raw = RawSpan(
        {"service.name": "shop"},
        scope,
        "",
        "a" * 32,
        "b" * 16,
        "",
        "name",
        0,
        start,
        end,
        attributes,
        [RawEvent(*event) for event in events],
        [RawLink("c" * 32, "d" * 16, attributes)],
        status,
        "",
    )
    records = [RawLog({}, "", "", "a" * 32, "b" * 16, name, start, 0, body, held) for name, body, held in logs]
    row = normalize_span(raw, records)
    assert list(row) == list(SPAN_COLUMNS)
    assert row["attributes"] == attributes
    told = json.loads(row["events"] or "[]")
    assert [event["attributes"] for event in told] == [held for _, _, held in [*events, *logs]]
    assert normalize_span(*raw_of(row))["attributes"] == row["attributes"]
    assert json.loads(row["links"])[0]["attributes"] == attributes
    Span.from_row({**row, "start_time": None, "end_time": None})
    for name, kind in SPAN_COLUMNS.items():
        if kind == "BIGINT" and row[name] is not None:
            assert 0 <= row[name] < 2**63


def test_identity_times_and_origin(row_of: RowOf) -> None:
    """Microseconds, milliseconds, the resource's columns and its JSON."""
    row = row_of(
        {},
        name="step",
        parent_span_id="c" * 16,
        scope_name="app",
        resource={"service.name": "shop", "service.version": 2, "deployment.environment": "prod"},
    )
    assert (row["name"], row["parent_span_id"], row["scope_name"]) == ("step", "c" * 16, "app")
    assert (row["start_time"], row["end_time"], row["duration_ms"]) == (1763650000000000, 1763650000250000, 250.0)
    assert (row["service_name"], row["service_version"], row["environment"]) == ("shop", "2", "prod")
    assert json.loads(row["resource"])["deployment.environment"] == "prod"
    assert (
        row_of({}, resource={"deployment.environment.name": "new", "deployment.environment": "old"})["environment"]
        == "new"
    )
    assert row_of({}, parent_span_id="0" * 16)["parent_span_id"] is None


@pytest.mark.parametrize(
    ("start_ns", "end_ns", "expected"),
    [
        (2000, 1000, (2, 1, None)),
        (0, 5000, (5, 5, None)),
        (5000, 0, (5, 5, None)),
        (0, 0, (0, 0, None)),
        (5000, 5000, (5, 5, 0.0)),
    ],
)
def test_a_clock_that_says_nonsense_gives_no_duration(row_of: RowOf, start_ns: int, end_ns: int, expected: Any) -> None:
    """A duration that was not measured is NULL, never 0; a span without any time stands at the epoch."""
    row = row_of({}, start_ns=start_ns, end_ns=end_ns)
    assert (row["start_time"], row["end_time"], row["duration_ms"]) == expected


def test_an_unknown_span_is_kept_whole(row_of: RowOf) -> None:
    """Dialect `unknown`, kind `other`, content `missing`, attributes as sent."""
    row = row_of({"http.route": "/", "x": [1, {"y": None}]})
    assert (row["dialect"], row["kind"], row["content_state"], row["status"]) == ("unknown", "other", "missing", "ok")
    assert row["attributes"] == {"http.route": "/", "x": [1, {"y": None}]}


def test_input_text_skips_messages_that_hold_only_tool_results(row_of: RowOf) -> None:
    """The last thing a person said is what the call is about."""
    said: list[Any] = [
        {"role": "user", "parts": [{"type": "text", "content": "first"}]},
        {"role": "user", "parts": [{"type": "text", "content": "where?"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {}}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "1", "response": "there"}]},
    ]
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(said)})
    assert row["input_text"] == "where?"


def test_a_call_that_only_asks_for_a_tool_has_no_output_text(row_of: RowOf) -> None:
    """The raw answer in `output.value` is not taken for words."""
    answer: list[Any] = [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {}}]}
    ]
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.output.messages": answer, "output.value": '{"raw": 1}'})
    assert row["output_text"] is None


def test_instructions_among_the_messages_move_to_their_column(row_of: RowOf) -> None:
    """Leading system and developer messages are instructions; one in the middle stays where it was said."""
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "Time is up."},
    ]
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.input.messages": said})
    assert [part["content"] for part in json.loads(row["system_instructions"])] == ["Be brief.", "Be kind."]
    assert [message["role"] for message in json.loads(row["input_messages"])] == ["user", "system"]


def test_the_prompt_hash_depends_on_what_the_model_is_told_only(row_of: RowOf) -> None:
    """Not on who sent it or how the JSON was written; 16 hex digits; none without instructions and tools."""
    tool = {"name": "f", "description": "d", "parameters": {"b": 1, "a": 2}}
    told = [{"type": "text", "content": "Be brief."}]
    one = row_of({"gen_ai.system_instructions": json.dumps(told), "gen_ai.tool.definitions": json.dumps([tool])})
    other = row_of(
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be brief.",
            "llm.tools.0.tool.json_schema": json.dumps(
                {"type": "function", "function": {"parameters": {"a": 2, "b": 1}, "description": "d", "name": "f"}}
            ),
        }
    )
    assert one["prompt_hash"] == other["prompt_hash"]
    assert len(one["prompt_hash"]) == 16
    assert row_of({"gen_ai.system_instructions": "Be long."})["prompt_hash"] != one["prompt_hash"]
    assert row_of({"gen_ai.system_instructions": json.dumps(told)})["prompt_hash"] != one["prompt_hash"]
    assert row_of({"gen_ai.input.messages": "hi"})["prompt_hash"] is None


def test_input_counted_without_the_cache_is_corrected(row_of: RowOf) -> None:
    """Less input than came from the cache cannot include it."""
    usage = {"gen_ai.usage.cache_read.input_tokens": 1024, "gen_ai.usage.cache_write.input_tokens": 517}
    assert row_of({**usage, "gen_ai.usage.input_tokens": 211})["input_tokens"] == 1752
    assert row_of({**usage, "gen_ai.usage.input_tokens": 1752})["input_tokens"] == 1752
    assert row_of(usage)["input_tokens"] is None


def test_a_cost_that_was_sent_wins(row_of: RowOf) -> None:
    """List prices are asked for only when nothing was sent, and only for model calls."""
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
    }
    assert row_of(call)["cost_usd"] == 0.0045
    assert row_of({**call, "operation.cost": 0.5})["cost_usd"] == 0.5
    assert row_of({**call, "gen_ai.operation.name": "invoke_agent"})["cost_usd"] is None
    assert row_of({**call, "gen_ai.request.model": "no-such-model"})["cost_usd"] is None


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 1}, "missing"),
        ({"gen_ai.operation.name": "chat", "gen_ai.input.messages": "hi"}, "full"),
        ({"gen_ai.operation.name": "chat", "gen_ai.system_instructions": "hi"}, "missing"),
        ({"gen_ai.input.messages": "hi", "i2e.content.truncated": True}, "truncated"),
        ({"gen_ai.input.messages": "hi", "i2e.content.truncated": False}, "full"),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": "{}"}, "full"),
    ],
)
def test_content_state_says_whether_a_scorer_can_work(row_of: RowOf, attributes: dict[str, Any], state: str) -> None:
    """Full, truncated or missing; instructions alone are no content."""
    assert row_of(attributes)["content_state"] == state


def test_values_kept_for_the_next_span_are_not_shared_by_writing(row_of: RowOf) -> None:
    """Instructions are parsed once for all spans of an application; a row does not change them."""
    told = '[{"type":"text","content":"Be brief."}]'
    first = row_of({"gen_ai.system_instructions": told, "gen_ai.input.messages": [{"role": "system", "content": "x"}]})
    assert json.loads(first["system_instructions"]) == [*json.loads(told), {"type": "text", "content": "x"}]
    assert row_of({"gen_ai.system_instructions": told})["system_instructions"] == told


@pytest.mark.parametrize(
    ("scope", "sent"),
    [
        ("genkit-tracer", {"genkit:input": '{"messages": []}', "genkit:metadata:subtype": "model"}),
        ("livekit-agents", {"lk.user_input": "hi", "lk.response.text": "ho"}),
        ("lmnr.sdk", {"lmnr.span.type": "LLM", "lmnr.span.input": "hi"}),
        ("voltagent", {"span.type": "llm", "llm.messages": "[]", "usage.prompt_tokens": 3}),
        ("pipecat", {"input": "hi", "output": "ho"}),
    ],
)
def test_a_dialect_that_is_not_known_is_kept_as_it_is(row_of: RowOf, scope: str, sent: dict[str, Any]) -> None:
    """Kind `other`, every attribute as sent; `i2e status` names the scope and the keys."""
    row = row_of(sent, scope_name=scope)
    assert (row["dialect"], row["kind"], row["input_text"]) == ("unknown", "other", None)
    assert row["attributes"] == sent


@pytest.mark.parametrize(
    ("apart", "first", "told"),
    [
        (["Be brief."], ["You answer for a shop."], ["Be brief.", "You answer for a shop."]),
        (["Be brief."], ["Be brief."], ["Be brief."]),
        (["Be brief.\nBe kind."], ["Be brief.", "Be kind."], ["Be brief.\nBe kind."]),
        (["Be kind."], ["Be brief.\nBe kind."], ["Be brief.\nBe kind."]),
        (["Say yes, or no."], ["no"], ["Say yes, or no.", "no"]),
    ],
)
def test_instructions_apart_and_in_messages_are_all_kept_once(
    row_of: RowOf, apart: list[str], first: list[str], told: list[str]
) -> None:
    """A developer message beside instructions is told to the model, too; what both say stands once."""
    said = [{"role": "developer", "content": text} for text in first]
    row = row_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": text} for text in apart]),
            "gen_ai.input.messages": json.dumps([*said, {"role": "user", "content": "hi"}]),
        }
    )
    assert [part["content"] for part in json.loads(row["system_instructions"])] == told
    assert [message["role"] for message in json.loads(row["input_messages"])] == ["user"]


def test_cut_messages_are_told_of_also_when_instructions_are_lifted_out(row_of: RowOf) -> None:
    """The first message is the system's, the second was cut by the sender."""
    cut = '[{"role":"system","content":"s"},{"role":"user","content":"hello th'
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.input.messages": cut})
    assert (row["input_text"], row["content_state"]) == ("hello th", "truncated")
    alone = row_of({"gen_ai.operation.name": "chat", "gen_ai.input.messages": '[{"role":"system","content":"Be bri'})
    assert (alone["input_messages"], alone["content_state"]) == (None, "truncated")
