"""Tools that OpenAI runs itself."""

from __future__ import annotations

from otel_i2e.normalize.hosted_tools import canonical_parts
from otel_i2e.normalize.messages import messages


def test_a_call_with_its_result_is_two_parts() -> None:
    """The call as the model made it, and what came back."""
    call, result = canonical_parts({"type": "mcp_call", "id": "m", "name": "t", "arguments": '{"a": 1}', "output": "o"})
    assert call == {"type": "tool_call", "id": "m", "name": "t", "arguments": {"a": 1}}
    assert result == {"type": "tool_call_response", "id": "m", "response": "o"}


def test_a_failure_is_one() -> None:
    """It stands instead of the result."""
    _, result = canonical_parts({"type": "mcp_call", "id": "m", "name": "t", "arguments": "{}", "error": "no server"})
    assert (result["response"], result["is_error"]) == ("no server", True)


def test_a_tool_is_named_by_the_item() -> None:
    """Its arguments are what the item says of the call."""
    (search,) = canonical_parts({"type": "web_search_call", "id": "s", "action": {"query": "q"}, "status": "completed"})
    assert (search["name"], search["arguments"]) == ("web_search", {"query": "q"})
    files, found = canonical_parts({"type": "file_search_call", "id": "f", "queries": ["q"], "results": []})
    assert (files["arguments"], found["response"]) == ({"queries": ["q"]}, [])


def test_items_among_messages_are_the_assistant_s_and_the_tool_s() -> None:
    """Custom tools take text."""
    said = messages(
        [
            {"type": "custom_tool_call", "call_id": "c", "name": "run", "input": "x"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "y"},
        ]
    )
    assert said is not None
    assert [(message["role"], message["parts"][0]["type"]) for message in said.value] == [
        ("assistant", "tool_call"),
        ("tool", "tool_call_response"),
    ]
    assert said.value[0]["parts"][0]["arguments"] == "x"
