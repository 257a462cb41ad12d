"""Reading role + parts messages."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import last_text, parts_of, text_of

MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"type": "text", "content": "one"}, {"type": "text", "content": "two"}]},
    {"role": "assistant", "parts": [{"type": "tool_call", "name": "search"}]},
    {"role": "user", "parts": [{"type": "tool_call_response", "response": "r"}]},
    {"role": "odd", "parts": None},
]


def test_text_joins_text_parts_only() -> None:
    """Other parts are no text; no text parts is None, not an empty string."""
    assert text_of(MESSAGES) == "one\ntwo"
    assert text_of(MESSAGES[1:]) is None
    assert text_of(None) is None


def test_last_text_skips_messages_without_text() -> None:
    """A user message that only carries tool results does not hide the question."""
    assert last_text(MESSAGES) == "one\ntwo"
    assert last_text(MESSAGES, role="assistant") is None


def test_parts_are_filtered_by_type_and_role() -> None:
    """Malformed messages give no parts and no error."""
    assert [part["name"] for part in parts_of(MESSAGES, type="tool_call")] == ["search"]
    assert len(list(parts_of(MESSAGES, role="user"))) == 3
