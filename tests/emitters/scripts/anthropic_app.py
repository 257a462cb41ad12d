"""The scenarios on the plain Anthropic SDK, for every instrumentation of it."""

from __future__ import annotations

import inspect
import json
from typing import Any

import anthropic
import facts
import harness


def client() -> Any:
    """A client of the recorder that does not retry."""
    return anthropic.Anthropic(api_key="test", base_url=harness.URL, max_retries=0)


def _ask(content: Any, **more: Any) -> dict[str, Any]:
    return {
        "model": facts.CLAUDE,
        "max_tokens": facts.MAX_TOKENS,
        "system": facts.SYSTEM,
        "messages": [{"role": "user", "content": content}],
        **more,
    }


def _tools() -> list[dict[str, Any]]:
    return [
        {"name": tool["name"], "description": tool["description"], "input_schema": tool["parameters"]}
        for tool in facts.TOOLS
    ]


def chat() -> None:
    """One question with parameters."""
    connected = client()
    known = inspect.signature(connected.messages.create).parameters
    given = {"temperature": facts.TEMPERATURE, "top_p": facts.TOP_P, "stop_sequences": [facts.STOP]}
    connected.messages.create(**_ask(facts.QUESTION), **{name: given[name] for name in given if name in known})


def tools() -> None:
    """Two parallel calls, two results in one message, an answer."""
    connected, request = client(), _ask(facts.TOOL_QUESTION, tools=_tools())
    _answer_calls(request, connected.messages.create(**request))
    connected.messages.create(**request)


def _answer_calls(request: dict[str, Any], answer: Any) -> None:
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": facts.run_tool(block.name, dict(block.input))}
        for block in answer.content
        if block.type == "tool_use"
    ]
    said = [json.loads(block.model_dump_json(exclude_none=True)) for block in answer.content]
    request["messages"] += [{"role": "assistant", "content": said}, {"role": "user", "content": results}]


def stream() -> None:
    """Text through the stream helper."""
    with client().messages.stream(**_ask(facts.QUESTION)) as answer:
        answer.get_final_message()


def raw_stream() -> None:
    """Text through `create(stream=True)`."""
    list(client().messages.create(**_ask(facts.QUESTION), stream=True))


def stream_tools() -> None:
    """A streamed tool call, its result, a streamed answer."""
    connected, request = client(), _ask(facts.TOOL_QUESTION, tools=_tools())
    with connected.messages.stream(**request) as answer:
        _answer_calls(request, answer.get_final_message())
    with connected.messages.stream(**request) as answer:
        answer.get_final_message()


def cached() -> None:
    """A prompt read from and written to the cache."""
    system = [{"type": "text", "text": facts.SYSTEM, "cache_control": {"type": "ephemeral"}}]
    client().messages.create(**_ask(facts.QUESTION, system=system))


def error() -> None:
    """529."""
    client().messages.create(**_ask(facts.QUESTION))


def long() -> None:
    """A long prompt in many scripts."""
    client().messages.create(**_ask(facts.LONG_PROMPT))


def image() -> None:
    """An image and a question."""
    source = {"type": "base64", "media_type": "image/png", "data": facts.IMAGE_BASE64}
    client().messages.create(
        **_ask([{"type": "image", "source": source}, {"type": "text", "text": facts.IMAGE_QUESTION}])
    )


def thinking() -> None:
    """Extended thinking before the answer."""
    client().messages.create(
        **{**_ask(facts.QUESTION), "max_tokens": 2048, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    )


def conversation() -> None:
    """A call whose surroundings name conversation, user and prompt."""
    client().messages.create(**_ask(facts.QUESTION))


def retrieval() -> None:
    """A call with documents in the question."""
    client().messages.create(**_ask(facts.grounded_question()))


SCENARIOS = {
    function.__name__: function
    for function in (
        chat,
        tools,
        stream,
        raw_stream,
        stream_tools,
        cached,
        error,
        conversation,
        retrieval,
        long,
        image,
        thinking,
    )
}
