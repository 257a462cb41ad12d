"""Claude Code and the Claude Agent SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawLog, is_content

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


def test_each_kind_of_span_is_told_apart(sent: Sent) -> None:
    """An interaction is an agent, a request a call, a tool a run; what happens inside a tool is neither."""
    rows = sent("claude_code_documented", "tools").rows()
    assert [row["kind"] for row in rows] == ["agent", "llm", "tool", "other", "tool", "other", "llm"]
    assert {row["dialect"] for row in rows} == {"claude_code"}


def test_input_is_counted_with_the_cache(sent: Sent) -> None:
    """`input_tokens` is without it."""
    row = next(row for row in sent("claude_code_documented", "cached").rows() if row["kind"] == "llm")
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (1752, 1024, 517)
    assert (row["provider"], row["request_model"]) == ("anthropic", "claude-sonnet-5")


def test_a_tool_has_arguments_and_result(sent: Sent) -> None:
    """The result stands in a span event."""
    run = next(row for row in sent("claude_code_documented", "tools").rows() if row["kind"] == "tool")
    assert (run["tool_name"], run["tool_call_id"]) == ("get_order", "toolu_01OrderTools")
    assert json.loads(run["tool_arguments"]) == {"order_id": "A-1719"}
    assert json.loads(run["tool_result"])["days_ago"] == 12


def test_results_in_the_new_context_are_answers(sent: Sent) -> None:
    """Blocks without a message around them become one message."""
    last = sent("claude_code_documented", "tools").rows()[-1]
    (said,) = json.loads(last["input_messages"])
    assert [part["id"] for part in said["parts"]] == ["toolu_01OrderTools", "toolu_01PolicyTools"]


def test_a_failed_request_says_so(row_of: RowOf) -> None:
    """`success` is the only sign where the status is unset."""
    row = row_of({"span.type": "claude_code.llm_request", "success": False, "error": "no", "new_context": "hi"})
    assert (row["kind"], row["status"], row["status_message"]) == ("llm", "error", "no")


def test_bare_names_of_others_are_left_alone(row_of: RowOf) -> None:
    """A span that shows no sign of Claude Code keeps its `model` and `input_tokens` to itself."""
    row = row_of({"model": "m", "input_tokens": 3, "span.type": "llm_request"})
    assert (row["dialect"], row["kind"], row["input_tokens"]) == ("unknown", "other", None)


@pytest.mark.parametrize("prefix", ["", "claude_code."])
@pytest.mark.parametrize("scope", ["com.anthropic.claude_code.tracing", "renamed.by.a.collector"])
def test_kind_is_told_with_and_without_prefix(row_of: RowOf, prefix: str, scope: str) -> None:
    """By the scope, or by the names of the spans."""
    kinds = [
        row_of({"span.type": prefix + kind, "session.id": "s"}, name=f"claude_code.{kind}", scope_name=scope)["kind"]
        for kind in ("interaction", "llm_request", "tool", "hook")
    ]
    assert kinds == ["agent", "llm", "tool", "other"]


@pytest.mark.parametrize(
    "sign", [{"span.type": "claude_code.llm_request"}, {"span.type": "llm_request", "cache_creation_tokens": 517}]
)
def test_a_renamed_span_is_known_by_what_it_carries(row_of: RowOf, sign: dict[str, Any]) -> None:
    """The prefix of its kind, or a name that nobody else has: neither scope nor span name is needed."""
    row = row_of({"model": "m", "input_tokens": 3, "output_tokens": 4, **sign}, name="x", scope_name="other")
    assert (row["dialect"], row["kind"], row["request_model"]) == ("claude_code", "llm", "m")
    assert (row["input_tokens"], row["output_tokens"]) == (3 + sign.get("cache_creation_tokens", 0), 4)


@pytest.mark.parametrize("named", ["event", "body"])
def test_events_of_a_span_are_heard(row_of: RowOf, raw_log: Callable[..., RawLog], named: str) -> None:
    """Log records, named in the body or by the event; each speaks of spans of its kind only."""

    def log(name: str, attributes: dict[str, Any]) -> RawLog:
        return raw_log(name, attributes) if named == "event" else raw_log(name[12:], attributes, body=name)

    asked = log("claude_code.user_prompt", {"prompt": "hi"})
    paid = log("claude_code.api_request", {"model": "m", "input_tokens": 10, "cache_read_tokens": 3, "cost_usd": 0.1})
    failed = log("claude_code.api_error", {"model": "m", "error": "slow down", "status_code": "429"})
    ran = log(
        "claude_code.tool_result", {"tool_name": "Bash", "success": False, "error": "no", "tool_parameters": "{}"}
    )
    logs = [asked, paid, ran]
    assert all(is_content(one) for one in [*logs, failed])
    row = row_of({"span.type": "interaction"}, logs, name="claude_code.interaction")
    assert (row["kind"], row["input_text"], row["input_tokens"], row["cost_usd"]) == ("agent", "hi", None, None)
    row = row_of({"span.type": "llm_request", "model": "own"}, logs, name="claude_code.llm_request")
    assert (row["request_model"], row["input_tokens"], row["cost_usd"], row["status"]) == ("own", 13, 0.1, "ok")
    row = row_of({}, [failed], name="claude_code.llm_request")
    assert (row["status"], row["error_code"], row["status_message"]) == ("error", "429", "slow down")
    row = row_of({}, logs, name="claude_code.tool")
    assert (row["tool_name"], row["tool_arguments"], row["status"], row["status_message"]) == (
        "Bash",
        "{}",
        "error",
        "no",
    )


def test_what_was_not_opted_in_is_redacted(row_of: RowOf) -> None:
    """Of a run too, whose content is not among the texts."""
    named = {"name": "claude_code.tool"}
    run = row_of({"span.type": "tool", "tool_name": "Bash", "tool_input": "<REDACTED>"}, **named)
    call = row_of({"span.type": "llm_request", "new_context": "<REDACTED>"}, name="claude_code.llm_request")
    assert (run["content_state"], call["content_state"]) == ("redacted", "redacted")


def test_a_failed_request_has_its_code(row_of: RowOf) -> None:
    """`status_code` stands beside `success`."""
    row = row_of({"span.type": "llm_request", "success": False, "status_code": 529}, name="claude_code.llm_request")
    assert (row["status"], row["error_code"]) == ("error", "529")


def test_a_tool_without_the_prefix_is_one(row_of: RowOf) -> None:
    """`span.type` is bare at times, whatever the scope is called."""
    row = row_of(
        {"span.type": "tool", "tool_name": "Bash", "tool_input": "ls", "tool_use_id": "t1"}, scope_name="other"
    )
    assert (row["kind"], row["tool_name"], row["tool_call_id"], row["dialect"]) == ("tool", "Bash", "t1", "claude_code")
