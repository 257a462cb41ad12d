"""Claude Code and the Claude Agent SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from otel_i2e.models import SpanRow

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
