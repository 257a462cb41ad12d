"""The scenarios on the plain OpenAI SDK, for every instrumentation of it."""

from __future__ import annotations

import json
from typing import Any

import facts
import harness
import openai

Client: Any = openai.OpenAI


def client() -> Any:
    """A client of the recorder that does not retry."""
    return Client(api_key="test", base_url=harness.OPENAI_URL, max_retries=0)


def _ask(content: Any, **more: Any) -> dict[str, Any]:
    return {
        "model": facts.GPT,
        "max_tokens": facts.MAX_TOKENS,
        "messages": [{"role": "system", "content": facts.SYSTEM}, {"role": "user", "content": content}],
        **more,
    }


def _tools() -> list[dict[str, Any]]:
    return [{"type": "function", "function": tool} for tool in facts.TOOLS]


def chat() -> None:
    """One question with parameters."""
    client().chat.completions.create(
        **_ask(facts.QUESTION, temperature=facts.TEMPERATURE, top_p=facts.TOP_P, stop=[facts.STOP], seed=42)
    )


def tools() -> None:
    """Two parallel calls, two results, an answer."""
    connected, request = client(), _ask(facts.TOOL_QUESTION, tools=_tools())
    message = connected.chat.completions.create(**request).choices[0].message
    request["messages"].append(json.loads(message.model_dump_json(exclude_none=True)))
    for call in message.tool_calls:
        result = facts.run_tool(call.function.name, json.loads(call.function.arguments))
        request["messages"].append({"role": "tool", "tool_call_id": call.id, "content": result})
    connected.chat.completions.create(**request)


def stream() -> None:
    """Text in chunks, with usage."""
    list(client().chat.completions.create(**_ask(facts.QUESTION), stream=True, stream_options={"include_usage": True}))


def stream_tools() -> None:
    """A streamed tool call, its result, a streamed answer."""
    connected, request = client(), _ask(facts.TOOL_QUESTION, tools=_tools())
    streaming: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    calls = _accumulated(connected.chat.completions.create(**request, **streaming))
    request["messages"].append({"role": "assistant", "tool_calls": calls})
    for call in calls:
        result = facts.run_tool(call["function"]["name"], json.loads(call["function"]["arguments"]))
        request["messages"].append({"role": "tool", "tool_call_id": call["id"], "content": result})
    list(connected.chat.completions.create(**request, **streaming))


def _accumulated(chunks: Any) -> list[dict[str, Any]]:
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for delta in (chunk.choices[0].delta.tool_calls or ()) if chunk.choices else ():
            empty = {"id": delta.id, "type": "function", "function": {"name": delta.function.name, "arguments": ""}}
            calls.setdefault(delta.index, empty)["function"]["arguments"] += delta.function.arguments or ""
    return [calls[index] for index in sorted(calls)]


def cached() -> None:
    """A prompt read from the cache, and reasoning in the answer."""
    client().chat.completions.create(**_ask(facts.QUESTION))


def error() -> None:
    """500."""
    client().chat.completions.create(**_ask(facts.QUESTION))


def conversation() -> None:
    """A call whose surroundings name conversation, user and prompt."""
    client().chat.completions.create(**_ask(facts.QUESTION))


def retrieval() -> None:
    """A call with documents in the question."""
    client().chat.completions.create(**_ask(facts.grounded_question()))


def long() -> None:
    """A long prompt in many scripts."""
    client().chat.completions.create(**_ask(facts.LONG_PROMPT))


def image() -> None:
    """An image and a question."""
    url = f"data:image/png;base64,{facts.IMAGE_BASE64}"
    parts = [{"type": "text", "text": facts.IMAGE_QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    client().chat.completions.create(**_ask(parts))


def responses() -> None:
    """A tool loop over the Responses API."""
    connected = client()
    items: list[Any] = [{"role": "user", "content": facts.TOOL_QUESTION}]
    request: dict[str, Any] = {
        "model": facts.GPT,
        "instructions": facts.SYSTEM,
        "tools": [{"type": "function", "strict": False, **tool} for tool in facts.TOOLS],
        "max_output_tokens": facts.MAX_TOKENS,
    }
    answer = connected.responses.create(**request, input=items)
    for item in answer.output:
        items.append(json.loads(item.model_dump_json(exclude_none=True)))
    for item in answer.output:
        if item.type == "function_call":
            result = facts.run_tool(item.name, json.loads(item.arguments))
            items.append({"type": "function_call_output", "call_id": item.call_id, "output": result})
    connected.responses.create(**request, input=items)


SCENARIOS = {
    function.__name__: function
    for function in (
        chat,
        tools,
        stream,
        stream_tools,
        cached,
        error,
        conversation,
        retrieval,
        long,
        image,
        responses,
    )
}
