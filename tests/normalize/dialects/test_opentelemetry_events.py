"""Content in span events and log records, as the conventions had and have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent, RawLog

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


def test_messages_in_log_records_become_the_span_s_messages(sent: Sent) -> None:
    """semconv up to 1.36: one log record a message, in order of time, tool calls and results included."""
    asked, answered = sent("otel_openai_v2_events", "tools").rows()
    assert [part["type"] for part in json.loads(asked["output_messages"])[0]["parts"]] == [
        "text",
        "tool_call",
        "tool_call",
    ]
    said = json.loads(answered["input_messages"])
    assert [message["role"] for message in said] == ["user", "assistant", "tool", "tool"]
    assert said[2]["parts"][0]["response"]["order_id"] == "A-1719"
    assert json.loads(answered["system_instructions"])[0]["content"].startswith("You are the support agent")
    assert answered["finish_reasons"] == ["stop"]
    assert answered["content_state"] == "full"


def test_messages_in_span_events_do_too(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """The same names on span events, with JSON text where the log has structure."""
    row = row_of(
        {"gen_ai.operation.name": "chat"},
        events=[
            event("gen_ai.system.message", {"content": "Be brief."}),
            event("gen_ai.user.message", {"content": "hi"}),
            event("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": '{"content": "hello"}'}),
        ],
    )
    assert (row["input_text"], row["output_text"], row["finish_reasons"]) == ("hi", "hello", ["stop"])
    assert json.loads(row["system_instructions"]) == [{"type": "text", "content": "Be brief."}]


def test_details_in_several_events_are_put_together(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """Strands sends instructions, input and output as three details events."""
    name = "gen_ai.client.inference.operation.details"
    said = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}]
    row = row_of(
        {"gen_ai.operation.name": "chat"},
        events=[
            event(name, {"gen_ai.system_instructions": '[{"type":"text","content":"Be brief."}]'}),
            event(name, {"gen_ai.input.messages": json.dumps(said)}),
            event(name, {"gen_ai.output.messages": json.dumps(answer)}),
        ],
    )
    assert (row["input_text"], row["output_text"]) == ("hi", "hello")
    assert row["system_instructions"] is not None


def test_content_events_of_2024_are_read(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """`gen_ai.content.prompt` and `.completion` hold JSON text or plain text."""
    row = row_of(
        {"gen_ai.system": "openai"},
        events=[
            event("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "hi"}]'}),
            event("gen_ai.content.completion", {"gen_ai.completion": "hello"}),
        ],
    )
    assert (row["kind"], row["input_text"], row["output_text"]) == ("llm", "hi", "hello")


def test_the_longer_of_two_candidates_wins(row_of: RowOf, raw_log: Callable[..., RawLog]) -> None:
    """A span with a shortened copy and a log record with the whole: the whole is kept."""
    whole = [{"role": "user", "parts": [{"type": "text", "content": "hi " * 100}]}]
    log = raw_log("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": whole})
    short = {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'}
    assert json.loads(row_of(short, [log])["input_messages"]) == whole
    assert json.loads(row_of({"gen_ai.input.messages": json.dumps(whole)}, [log])["input_messages"]) == whole


def test_the_details_may_say_everything(row_of: RowOf, raw_log: Callable[..., RawLog]) -> None:
    """Names, counts and parameters that stand only in the event are heard; the span's own come first."""
    log = raw_log(
        "gen_ai.client.inference.operation.details",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "other",
            "gen_ai.response.id": "r1",
            "gen_ai.usage.input_tokens": 11,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.conversation.id": "c1",
            "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Yes."}]}],
        },
    )
    row = row_of({"gen_ai.request.model": "m"}, [log])
    assert (row["kind"], row["request_model"], row["response_id"], row["conversation_id"]) == ("llm", "m", "r1", "c1")
    assert (row["input_tokens"], row["output_tokens"], row["output_text"]) == (11, 7, "Yes.")
    assert json.loads(row["request_params"]) == {"temperature": 0.5}


def test_the_details_may_say_what_no_table_lists(
    row_of: RowOf, raw_log: Callable[..., RawLog], event: Callable[..., RawEvent]
) -> None:
    """Prompt variables and request parameters of any name; of several events together."""
    name = "gen_ai.client.inference.operation.details"
    log = raw_log(name, {"gen_ai.prompt.variable.who": "bob", "gen_ai.request.previous_response.id": "r0"})
    also = event(name, {"gen_ai.prompt.variable.what": "tea", "gen_ai.request.top_p": 0.9})
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.request.seed": 7}, [log], events=[also])
    assert json.loads(row["prompt_variables"]) == {"what": "tea", "who": "bob"}
    assert json.loads(row["request_params"]) == {"previous_response_id": "r0", "top_p": 0.9, "seed": 7}


@pytest.mark.parametrize("status", ["unset", "error"])
def test_a_failure_may_be_told_by_a_log_record(row_of: RowOf, raw_log: Callable[..., RawLog], status: str) -> None:
    """Type and message stand in `gen_ai.client.operation.exception`, the code in the message."""
    told = {"exception.type": "openai.RateLimitError", "exception.message": "Error code: 429 - slow down"}
    log = raw_log("gen_ai.client.operation.exception", told)
    row = row_of({"gen_ai.operation.name": "chat"}, [log], status_code=status)
    assert (row["status"], row["error_type"], row["status_message"]) == (
        "error",
        "openai.RateLimitError",
        "Error code: 429 - slow down",
    )
    assert row["error_code"] == "429"


ORDER = '{"order": 5,  "role":"admin"}'


@pytest.mark.parametrize("as_log", [False, True])
def test_a_prompt_that_is_json_stays_the_text_that_was_sent(
    row_of: RowOf, event: Callable[..., RawEvent], raw_log: Callable[..., RawLog], as_log: bool
) -> None:
    """In messages of every role, as span events and as log records; so does an answer that is a list."""
    said = [
        ("gen_ai.system.message", {"content": '{"rules": ["be nice"]}'}),
        ("gen_ai.user.message", {"content": ORDER}),
        ("gen_ai.choice", {"message": {"role": "assistant", "content": "[1,  2]"} if as_log else "[1,  2]"}),
    ]
    sent = {"gen_ai.operation.name": "chat"}
    if as_log:
        row = row_of(sent, [raw_log(name, {}, body, time_ns=at) for at, (name, body) in enumerate(said)])
    else:
        row = row_of(sent, events=[event(name, fields) for name, fields in said])
    assert json.loads(row["system_instructions"]) == [{"type": "text", "content": '{"rules": ["be nice"]}'}]
    assert (row["input_text"], row["output_text"]) == (ORDER, "[1,  2]")


def test_several_events_of_content_are_one_conversation(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """2024's form has an event for each prompt and each completion."""
    names = [("prompt", "first"), ("prompt", "second"), ("completion", "one"), ("completion", "two")]
    events = [event(f"gen_ai.content.{name}", {f"gen_ai.{name}": said}) for name, said in names]
    row = row_of({"gen_ai.system": "openai"}, events=events)
    said = [json.loads(row[name]) for name in ("input_messages", "output_messages")]
    assert [[m["parts"][0]["content"] for m in one] for one in said] == [["first", "second"], ["one", "two"]]
    assert (row["input_text"], row["output_text"]) == ("second", "one")


def test_choices_stand_by_their_index(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """Whichever was written first."""
    events = [
        event("gen_ai.choice", {"index": index, "finish_reason": reason, "message": said})
        for index, reason, said in ((1, "length", "B"), (0, "stop", "A"))
    ]
    row = row_of({"gen_ai.operation.name": "chat"}, events=events)
    assert [message["parts"][0]["content"] for message in json.loads(row["output_messages"])] == ["A", "B"]
    assert (row["output_text"], row["finish_reasons"]) == ("A", ["stop", "length"])


def test_content_in_one_attribute_of_the_event_is_heard(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """semconv 1.27, Azure's SDKs and Semantic Kernel."""
    said = [
        ("gen_ai.system.message", {"role": "system", "content": "Be brief."}),
        ("gen_ai.user.message", {"role": "user", "content": "hi"}),
        ("gen_ai.choice", {"message": {"content": "A"}, "finish_reason": "stop", "index": 0}),
    ]
    events = [event(name, {"gen_ai.event.content": json.dumps(fields)}) for name, fields in said]
    row = row_of({"gen_ai.operation.name": "chat"}, events=events)
    assert (row["input_text"], row["output_text"], row["finish_reasons"]) == ("hi", "A", ["stop"])
    assert json.loads(row["system_instructions"]) == [{"type": "text", "content": "Be brief."}]


def test_gemini_s_objects_in_events_are_messages(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """One of its contents, or all of them."""
    one = {"role": "user", "parts": [{"text": "hi"}]}
    for content in (one, {"contents": [one]}):
        row = row_of(
            {"gen_ai.operation.name": "GenerateContent"}, events=[event("gen_ai.user.message", {"content": content})]
        )
        assert (row["kind"], row["input_text"]) == ("llm", "hi")


def test_a_result_that_was_told_twice_stands_once(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """Bedrock's instrumentation sends it as the tool's message and as the user's."""
    blocks = [{"toolResult": {"toolUseId": "t1", "content": [{"json": {"r": 1}}]}}]
    events = [
        event("gen_ai.user.message", {"content": "hi"}),
        event("gen_ai.tool.message", {"id": "t1", "content": [{"json": {"r": 1}}]}),
        event("gen_ai.user.message", {"content": blocks}),
    ]
    said = json.loads(row_of({"gen_ai.operation.name": "chat"}, events=events)["input_messages"])
    assert [message["role"] for message in said] == ["user", "tool"]


@pytest.mark.parametrize("cut", ["", "question", "answer"])
def test_blocks_and_messages_that_were_cut_are_read_as_far_as_they_go(
    row_of: RowOf, event: Callable[..., RawEvent], cut: str
) -> None:
    """In events of one message; and the row says so."""
    asked = json.dumps([{"type": "text", "text": "Hello"}, {"type": "text", "text": "and more"}])
    answered = json.dumps({"role": "assistant", "content": "Because of the weather"})
    row = row_of(
        {"gen_ai.operation.name": "chat"},
        events=[
            event("gen_ai.user.message", {"content": asked[:-9] if cut == "question" else asked}),
            event("gen_ai.choice", {"index": 0, "message": answered[:-12] if cut == "answer" else answered}),
        ],
    )
    (said,), (answer,) = json.loads(row["input_messages"]), json.loads(row["output_messages"])
    assert [part["content"] for part in said["parts"]] == ["Hello", "an" if cut == "question" else "and more"]
    assert answer["parts"][0]["content"] == ("Because of t" if cut == "answer" else "Because of the weather")
    assert row["content_state"] == ("truncated" if cut else "full")


def test_a_question_that_is_broken_json_is_what_was_said(row_of: RowOf, event: Callable[..., RawEvent]) -> None:
    """Only blocks are completed."""
    said = '{"a": 1, "question": "why'
    row = row_of({"gen_ai.operation.name": "chat"}, events=[event("gen_ai.user.message", {"content": said})])
    assert json.loads(row["input_messages"])[0]["parts"] == [{"type": "text", "content": said}]
    assert row["content_state"] == "full"
