"""What really happened, in canonical form, from what crossed the wire: one Call per request to a model."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Call", "calls_of"]

Json = dict[str, Any]


class Call(NamedTuple):
    """One model call. Messages are `{"role", "parts"}` as `models.Span` has them; images are `{"type": "image"}`."""

    provider: str
    streamed: bool
    request_model: str
    params: Json
    system: str
    messages: list[Json]
    tools: list[Json]
    status: int
    error: Json
    """`type` and `message`; empty when the call succeeded."""
    response_model: str | None
    response_id: str | None
    output: list[Json]
    """Parts."""
    finish: str | None
    usage: dict[str, int]
    """`input` (cached included), `output`, `read`, `write`, `reasoning`; what the provider did not count is absent."""


def calls_of(wire: list[Json]) -> list[Call]:
    """The calls in the order of their requests."""
    return [_call(exchange) for exchange in wire if exchange["path"] != "/v1/embeddings"]


def _object(value: Any) -> Json:
    return value or {}


def _call(exchange: Json) -> Call:
    request, failed = exchange["request"], exchange["status"] >= 400
    read = {"/v1/messages": _messages_api, "/v1/responses": _responses_api}.get(exchange["path"], _chat_api)
    answer: Json = {} if failed else exchange["response"]
    if isinstance(answer, str):
        answer = _ACCUMULATED[exchange["path"]](_events(answer))
    fields = read(request, answer)
    return Call(
        streamed=bool(request.get("stream")),
        request_model=request["model"],
        params=_params(request),
        status=exchange["status"],
        error=exchange["response"]["error"] if failed else {},
        response_model=answer.get("model"),
        response_id=answer.get("id"),
        **fields,
    )


_NAMES = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop_sequences",
    "stop_sequences": "stop_sequences",
}


def _params(request: Json) -> Json:
    sent = {to: request[name] for name, to in _NAMES.items() if request.get(name) not in (None, [])}
    if isinstance(sent.get("stop_sequences"), str):
        sent["stop_sequences"] = [sent["stop_sequences"]]
    return sent


def _messages_api(request: Json, answer: Json) -> Json:
    usage = _object(answer.get("usage"))
    read, write = usage.get("cache_read_input_tokens", 0), usage.get("cache_creation_input_tokens", 0)
    counts = {"input": usage["input_tokens"] + read + write, "output": usage["output_tokens"]} if usage else {}
    return {
        "provider": "anthropic",
        "system": _plain(request.get("system") or ""),
        "messages": [message for one in request["messages"] for message in _anthropic_message(one)],
        "tools": [
            {"name": one["name"], "description": one.get("description"), "parameters": one.get("input_schema")}
            for one in request.get("tools") or ()
        ],
        "output": [_anthropic_part(block) for block in answer.get("content") or ()],
        "finish": answer.get("stop_reason"),
        "usage": {**counts, **({"read": read, "write": write} if read or write else {})},
    }


def _anthropic_message(message: Json) -> list[Json]:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    results = [_anthropic_part(one) for one in blocks if one["type"] == "tool_result"]
    said = [_anthropic_part(one) for one in blocks if one["type"] != "tool_result"]
    tool = [{"role": "tool", "parts": results}] if results else []
    return tool + ([{"role": message["role"], "parts": said}] if said else [])


def _anthropic_part(block: Json) -> Json:
    match block["type"]:
        case "text":
            return {"type": "text", "content": block["text"]}
        case "thinking":
            return {"type": "reasoning", "content": block["thinking"]}
        case "tool_use":
            return {"type": "tool_call", "id": block["id"], "name": block["name"], "arguments": block["input"]}
        case "tool_result":
            return {"type": "tool_call_response", "id": block["tool_use_id"], "response": _plain(block.get("content"))}
        case _:
            return {"type": "image", "data": block["source"]["data"]}


def _chat_api(request: Json, answer: Json) -> Json:
    system = [one for one in request["messages"] if one["role"] in ("system", "developer")]
    others = [one for one in request["messages"] if one["role"] not in ("system", "developer")]
    choices: list[Json] = answer.get("choices") or [{}]
    choice = choices[0]
    return {
        "provider": "openai",
        "system": "\n".join(_plain(one["content"]) for one in system),
        "messages": [_chat_message(one) for one in others],
        "tools": [_openai_tool(one["function"]) for one in request.get("tools") or ()],
        "output": _chat_message(choice["message"])["parts"] if choice else [],
        "finish": choice.get("finish_reason"),
        "usage": _openai_usage(answer.get("usage"), "prompt", "completion"),
    }


def _chat_message(message: Json) -> Json:
    if message["role"] == "tool":
        part = {"type": "tool_call_response", "id": message["tool_call_id"], "response": _plain(message["content"])}
        return {"role": "tool", "parts": [part]}
    content: str | list[Json] = message.get("content") or []
    parts: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said: list[Json] = [
        {"type": "text", "content": one["text"]}
        if one["type"] == "text"
        else {"type": "image", "data": one["image_url"]["url"].partition(",")[2]}
        for one in parts
    ]
    calls = [
        {
            "type": "tool_call",
            "id": one["id"],
            "name": one["function"]["name"],
            "arguments": json.loads(one["function"]["arguments"]),
        }
        for one in message.get("tool_calls") or ()
    ]
    return {"role": message["role"], "parts": said + calls}


def _openai_tool(tool: Json) -> Json:
    return {"name": tool["name"], "description": tool.get("description"), "parameters": tool.get("parameters")}


def _openai_usage(usage: Json | None, given: str, made: str) -> dict[str, int]:
    if not usage:
        return {}
    read = usage[f"{given}_tokens_details"].get("cached_tokens")
    reasoning = usage[f"{made}_tokens_details"].get("reasoning_tokens")
    counts = {"input": usage[f"{given}_tokens"], "output": usage[f"{made}_tokens"]}
    return counts | ({"read": read} if read else {}) | ({"reasoning": reasoning} if reasoning else {})


def _responses_api(request: Json, answer: Json) -> Json:
    items = request["input"]
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    system = [_plain(one["content"]) for one in items if one.get("role") in ("system", "developer")]
    others = [one for one in items if one.get("role") not in ("system", "developer")]
    output = [part for item in answer.get("output") or () for part in _item(item)["parts"]]
    return {
        "provider": "openai",
        "system": "\n".join([*([request["instructions"]] if request.get("instructions") else []), *system]),
        "messages": [_item(one) for one in others],
        "tools": [_openai_tool(one) for one in request.get("tools") or ()],
        "output": output,
        "finish": None,
        "usage": _openai_usage(answer.get("usage"), "input", "output"),
    }


def _item(item: Json) -> Json:
    match item.get("type") or "message":
        case "function_call":
            call = {"id": item["call_id"], "name": item["name"], "arguments": json.loads(item["arguments"])}
            return {"role": "assistant", "parts": [{"type": "tool_call", **call}]}
        case "function_call_output":
            part = {"type": "tool_call_response", "id": item["call_id"], "response": _plain(item["output"])}
            return {"role": "tool", "parts": [part]}
        case "reasoning":
            thoughts = [{"type": "reasoning", "content": one["text"]} for one in item["summary"]]
            return {"role": "assistant", "parts": thoughts}
        case _:
            content = item["content"]
            parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
            said = [
                {"type": "image", "data": one["image_url"].partition(",")[2]}
                if one["type"] == "input_image"
                else {"type": "text", "content": one["text"]}
                for one in parts
            ]
            return {"role": item["role"], "parts": said}


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content or () if "text" in block)


def _events(stream: str) -> list[Json]:
    datas = [line[6:] for line in stream.splitlines() if line.startswith("data: ")]
    return [json.loads(data) for data in datas if data != "[DONE]"]


def _whole_message(events: list[Json]) -> Json:
    message: Json = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = event["message"]
            case "content_block_start":
                message["content"].append({**event["content_block"], "partial": ""})
            case "content_block_delta":
                _grow(message["content"][event["index"]], event["delta"])
            case "message_delta":
                message |= event["delta"]
                message["usage"] |= event["usage"]
            case _:
                pass
    for block in message["content"]:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["partial"] or "{}")
    return message


def _grow(block: Json, delta: Json) -> None:
    name = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}.get(delta["type"])
    if name:
        block[name] += delta[name]
    else:
        block["partial"] += delta["partial_json"]


def _whole_completion(events: list[Json]) -> Json:
    whole: Json = {"id": events[0]["id"], "model": events[0]["model"], "usage": None}
    message: Json = {"role": "assistant", "content": "", "tool_calls": []}
    finish = None
    for event in events:
        whole["usage"] = event.get("usage") or whole["usage"]
        for choice in event["choices"]:
            finish = choice["finish_reason"] or finish
            message["content"] += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or ():
                if call.get("id"):
                    message["tool_calls"].append({**call, "function": {**call["function"]}})
                else:
                    message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    return {**whole, "choices": [{"message": message, "finish_reason": finish}]}


def _whole_response(events: list[Json]) -> Json:
    return events[-1]["response"]


_ACCUMULATED = {
    "/v1/messages": _whole_message,
    "/v1/chat/completions": _whole_completion,
    "/v1/responses": _whole_response,
}
