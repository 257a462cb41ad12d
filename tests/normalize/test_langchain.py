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


def test_a_message_without_type_is_known_by_its_class() -> None:
    """As `dumps` of older releases writes them; a class that is not known says who speaks in `role`, or nothing."""
    speakers = ("SystemMessage", "HumanMessage", "AIMessageChunk", "ToolMessage")
    sent: list[dict[str, object]] = [
        {"lc": 1, "id": ["langchain", "schema", "messages", name], "kwargs": {"content": "x"}} for name in speakers
    ]
    assert [plain_message(one)["role"] for one in sent] == ["system", "user", "assistant", "tool"]
    other: dict[str, object] = {"lc": 1, "id": ["ChatMessage"], "kwargs": {"content": "x", "role": "critic"}}
    assert plain_message(other)["role"] == "critic"
    assert plain_message({"lc": 1, "kwargs": {"content": "x"}})["role"] == "user"


def test_the_choices_of_a_result_are_said_by_the_assistant() -> None:
    """Also where the message does not say so."""
    (choice,) = generations({"generations": [[{"message": {"lc": 1, "kwargs": {"content": "bye"}}}]]})
    assert choice["message"] == {"role": "assistant", "content": "bye"}


def test_calls_that_could_not_be_read_and_thoughts_beside_stay() -> None:
    """`invalid_tool_calls` hold the arguments as text; some providers' thoughts stand in `additional_kwargs`."""
    call: dict[str, object] = {"name": "f", "args": '{"a":', "id": "c", "type": "invalid_tool_call"}
    sent = {"type": "ai", "content": "", "invalid_tool_calls": [call], "additional_kwargs": {"reasoning_content": "hm"}}
    found = messages([sent])
    assert found is not None
    assert found.value[0]["parts"] == [
        {"type": "reasoning", "content": "hm"},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": '{"a":'},
    ]


def test_a_tool_message_says_that_it_failed() -> None:
    """`status` is LangChain's."""
    found = messages([{"type": "tool", "content": "no such order", "tool_call_id": "c", "status": "error"}])
    assert found is not None
    assert found.value[0]["parts"] == [
        {"type": "tool_call_response", "id": "c", "response": "no such order", "is_error": True}
    ]
    assert "is_error" not in found.value[0]
