"""LangChain's own JSON."""

from __future__ import annotations

from otel_i2e.normalize.langchain import generations, is_langchain, plain_message, unwrapped
from otel_i2e.normalize.messages import messages


def test_a_constructed_object_is_its_arguments() -> None:
    """Anything else stays as it is."""
    assert unwrapped({"lc": 1, "kwargs": {"a": 1}}) == {"a": 1}
    assert unwrapped({"lc": 1}) == {"lc": 1}
    assert unwrapped("x") == "x"


def test_a_message_is_known_by_its_type() -> None:
    """A block of text or a message with a role is none of LangChain's."""
    assert is_langchain({"type": "human", "content": "hi"})
    assert not is_langchain({"type": "text", "content": "hi"})
    assert not is_langchain({"type": "ai", "role": "user", "content": "hi"})
    assert not is_langchain("hi")


def test_calls_that_blocks_repeat_are_taken_once() -> None:
    """Anthropic's model puts a call among the blocks and beside them."""
    call: dict[str, object] = {"name": "f", "args": {}, "id": "c", "type": "tool_call"}
    said = plain_message({"type": "ai", "content": [{"type": "tool_use", "id": "c"}], "tool_calls": [call]})
    found = messages([said])
    assert found is not None
    assert found.value[0]["parts"] == [{"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]


def test_a_result_without_messages_has_its_texts() -> None:
    """A completion model gives text only; what is no result gives nothing."""
    (choice,) = generations({"generations": [[{"text": "hi"}]]})
    assert choice["message"] == {"role": "assistant", "content": "hi"}
    assert generations({"generations": []}) == generations({"generations": [[1]]}) == []
