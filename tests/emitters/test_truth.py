"""The truth read back from the wire is what the scripted model was told to say."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest
from recorder import Recorder
from truth import Call, calls_of

TOOL: Any = {"name": "get_order", "description": "Look up.", "parameters": {"type": "object", "properties": {}}}
BODIES: dict[str, Any] = {
    "/v1/messages": {
        "max_tokens": 9,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"name": TOOL["name"], "description": TOOL["description"], "input_schema": TOOL["parameters"]}],
    },
    "/v1/chat/completions": {
        "max_tokens": 9,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": TOOL}],
        "stream_options": {"include_usage": True},
    },
    "/v1/responses": {
        "max_output_tokens": 9,
        "instructions": "Be brief.",
        "input": "Hi",
        "tools": [{"type": "function", **TOOL}],
    },
}


def recorded(path: str, scenario: str, *, stream: bool) -> list[Call]:
    """One request over HTTP, as an emitter would send it."""
    with Recorder() as recorder:
        urlopen(Request(f"{recorder.url}/scenario/{scenario}", b"")).close()
        body = json.dumps({"model": "m", "stream": stream, **BODIES[path]}).encode()
        headers = {"content-type": "application/json", "authorization": "Bearer test", "x-api-key": "test"}
        urlopen(Request(recorder.url + path, body, headers)).read()
        return calls_of(recorder.recordings[scenario].wire)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("scenario", ["tools", "cached"])
def test_streamed_and_whole_answers_tell_the_same(path: str, scenario: str) -> None:
    """Accumulating the events gives what the whole answer says, but for its id."""
    (whole,), (streamed,) = (recorded(path, scenario, stream=stream) for stream in (False, True))
    assert (whole.streamed, streamed.streamed) == (False, True)
    assert streamed._replace(streamed=False, response_id=whole.response_id) == whole
    assert (whole.system, whole.messages) == (
        "Be brief.",
        [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
    )
    assert (whole.tools, whole.params) == ([TOOL], {"max_tokens": 9})


@pytest.mark.parametrize("path", BODIES)
def test_usage_counts_the_cache_in(path: str) -> None:
    """Input is all input, whatever the provider's own convention."""
    usage = recorded(path, "cached", stream=False)[0].usage
    assert (usage["input"], usage["output"], usage["read"]) == (1752, 105, 1024)


def test_tool_calls_have_parsed_arguments() -> None:
    """Two parallel calls with ids, names and objects."""
    (call,) = recorded("/v1/chat/completions", "tools", stream=True)
    text, order, policy = call.output
    assert text["content"] == "I will look up both."
    assert [order["arguments"], policy["arguments"]] == [{"order_id": "A-1719"}, {"topic": "Rückgabe", "limit": 3}]
    assert call.finish == "tool_calls"
