"""Content that lies elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawEvent, RawLog

RowOf = Callable[..., SpanRow]
CHAT = {"gen_ai.operation.name": "chat"}
INPUT, OUTPUT, SYSTEM, TOOLS = (
    f"gen_ai.{name}_ref" for name in ("input.messages", "output.messages", "system_instructions", "tool.definitions")
)


def test_references_stand_where_the_messages_would(row_of: RowOf) -> None:
    """The reader sees where they lie; the content itself is missing, so nothing scores it."""
    row = row_of({**CHAT, INPUT: "gs://b/1_inputs.json", OUTPUT: "gs://b/1_outputs.jsonl", SYSTEM: "gs://b/s.json"})
    (asked,), (said,) = (json.loads(row[name]) for name in ("input_messages", "output_messages"))
    assert (asked["role"], asked["parts"][0]["uri"]) == ("user", "gs://b/1_inputs.json")
    assert (said["role"], said["parts"][0]["mime_type"]) == ("assistant", "application/jsonl")
    assert json.loads(row["system_instructions"])[0]["uri"] == "gs://b/s.json"
    assert (row["content_state"], row["input_text"], row["prompt_hash"]) == ("missing", None, None)


def test_content_that_came_along_stays(row_of: RowOf) -> None:
    """However short: a reference says less than what was said."""
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "?"}]}])
    row = row_of({**CHAT, "gen_ai.input.messages": said, INPUT: "gs://bucket/with/a/long/name/1_inputs.json"})
    assert (row["input_messages"], row["content_state"]) == (said, "full")


def test_what_was_offloaded_beside_content_is_a_reference(row_of: RowOf) -> None:
    """The row is no longer whole; tool definitions are no part of what was said."""
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "?"}]}])
    inline = {**CHAT, "gen_ai.input.messages": said, TOOLS: "gs://b/t.json"}
    row = row_of(inline)
    assert json.loads(row["tool_definitions"])[0]["uri"] == "gs://b/t.json"
    assert (row["output_messages"], row["content_state"]) == (None, "full")
    row = row_of({**inline, OUTPUT: "gs://b/o.json", SYSTEM: "gs://b/s.json"})
    assert json.loads(row["output_messages"])[0]["parts"][0]["uri"] == "gs://b/o.json"
    assert json.loads(row["system_instructions"])[0]["uri"] == "gs://b/s.json"
    assert (row["input_text"], row["output_text"], row["content_state"]) == ("?", None, "truncated")


def test_references_in_events_and_log_records_are_read(
    row_of: RowOf, event: Callable[..., RawEvent], raw_log: Callable[..., RawLog]
) -> None:
    """The hook writes them there, too; each may have some."""
    name = "gen_ai.client.inference.operation.details"
    log = raw_log(name, {INPUT: "gs://b/i.json"})
    row = row_of(CHAT, [log], events=[event(name, {OUTPUT: "gs://b/o.json"}), event(name, {TOOLS: "gs://b/t.json"})])
    for column, address in (("input_messages", "gs://b/i.json"), ("output_messages", "gs://b/o.json")):
        assert json.loads(row[column])[0]["parts"][0]["uri"] == address
    assert json.loads(row["tool_definitions"])[0]["uri"] == "gs://b/t.json"
    assert row["content_state"] == "missing"


@pytest.mark.parametrize("address", [7, ["gs://b"], None])
def test_what_is_no_address_is_left_out(row_of: RowOf, address: object) -> None:
    """The attribute stays among the attributes."""
    assert row_of({**CHAT, INPUT: address})["input_messages"] is None
