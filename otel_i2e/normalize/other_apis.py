"""Requests and answers of Bedrock's Converse API and of Gemini, as their SDKs take and give them → OpenAI's and
Anthropic's names, which `payloads` reads. Anything else stays as it is.

Source: the reference of `Converse` of Amazon Bedrock Runtime, and `google.genai.types`.
"""

from __future__ import annotations

from typing import Final

from otel_i2e.normalize.or_empty import first_known, object_or_empty, objects_in
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["plain_answer", "plain_request"]

_CONVERSE_PARAMS: Final = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop_sequences",
}
_GEMINI_PARAMS: Final = {
    "maxOutputTokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "stopSequences": "stop_sequences",
    "candidateCount": "choice_count",
    "candidate_count": "choice_count",
}


def plain_request(sent: Json) -> Json:
    """`model`, `messages`, `system`, `tools` and parameters of a request."""
    if "modelId" in sent or "inferenceConfig" in sent or "toolConfig" in sent:
        return _converse(sent)
    if "contents" in sent or ("messages" in sent and is_object(sent.get("config"))):
        return _gemini(sent)
    return sent


def _converse(sent: Json) -> Json:
    chosen = object_or_empty(sent.get("inferenceConfig"))
    more = object_or_empty(sent.get("additionalModelRequestFields"))
    tools = [
        object_or_empty(tool.get("toolSpec"))
        for tool in objects_in(object_or_empty(sent.get("toolConfig")).get("tools"))
    ]
    return {
        "model": sent.get("modelId"),
        "messages": sent.get("messages"),
        "system": sent.get("system"),
        "tools": [_converse_tool(tool) for tool in tools if tool] or None,
        **more,
        **{_CONVERSE_PARAMS.get(name, name): value for name, value in chosen.items()},
    }


def _converse_tool(tool: Json) -> Json:
    schema = object_or_empty(tool.get("inputSchema"))
    return {**tool, "inputSchema": schema.get("json", schema)}


def _gemini(sent: Json) -> Json:
    config = object_or_empty(sent.get("config")) or object_or_empty(sent.get("generationConfig"))
    told = first_known(sent, config, names=("system_instruction", "systemInstruction"))
    tools = objects_in(first_known(sent, config, names=("tools",)))
    declared = [one for tool in tools for one in objects_in(first_known(tool, names=_DECLARATIONS))]
    chosen = {name: value for name, value in config.items() if name not in _NO_PARAMS}
    return {
        "model": sent.get("model"),
        "messages": sent.get("messages"),
        "contents": sent.get("contents"),
        "system": told.get("parts", told) if is_object(told) else told,
        "tools": [_gemini_tool(one) for one in declared] or None,
        **{_GEMINI_PARAMS.get(name, name): value for name, value in chosen.items()},
    }


def _gemini_tool(declared: Json) -> Json:
    schema = first_known(declared, names=("parameters", "parameters_json_schema", "parametersJsonSchema"))
    return {"name": declared.get("name"), "description": declared.get("description"), "parameters": schema}


_DECLARATIONS: Final = ("function_declarations", "functionDeclarations")
_NO_PARAMS: Final = frozenset({"system_instruction", "systemInstruction", "tools", "http_options"})


def plain_answer(sent: Json) -> Json:
    """`choices` with messages and finish reasons, `model`, `id` and `usage` of an answer."""
    output = sent.get("output")
    if is_object(output) and is_object(message := output.get("message")):
        choice = {"message": message, "finish_reason": sent.get("stopReason")}
        return {"choices": [choice], "usage": _converse_usage(object_or_empty(sent.get("usage")))}
    if is_list(sent.get("candidates")):
        return {
            "choices": [_candidate(one) for one in objects_in(sent["candidates"])],
            "model": first_known(sent, names=("model_version", "modelVersion")),
            "id": first_known(sent, names=("response_id", "responseId")),
            "usage": _gemini_usage(object_or_empty(first_known(sent, names=("usage_metadata", "usageMetadata")))),
        }
    return sent


def _candidate(sent: Json) -> Json:
    message = object_or_empty(sent.get("content"))
    return {
        "message": {"role": "assistant", "parts": message.get("parts") or []},
        "finish_reason": first_known(sent, names=("finish_reason", "finishReason")),
    }


def _converse_usage(sent: Json) -> Json:
    """Its input is without the cache, as Anthropic's."""
    return {
        "input_tokens": sent.get("inputTokens"),
        "output_tokens": sent.get("outputTokens"),
        "cache_read_input_tokens": sent.get("cacheReadInputTokens", 0),
        "cache_creation_input_tokens": sent.get("cacheWriteInputTokens", 0),
    }


def _gemini_usage(sent: Json) -> Json:
    """Thoughts are no part of what it calls candidates; what came from the cache is part of the prompt."""
    thoughts = first_known(sent, names=("thoughts_token_count", "thoughtsTokenCount"))
    answered = first_known(sent, names=("candidates_token_count", "candidatesTokenCount"))
    both = [count for count in (answered, thoughts) if isinstance(count, int)]
    return {
        "prompt_tokens": first_known(sent, names=("prompt_token_count", "promptTokenCount")),
        "completion_tokens": sum(both) if both else None,
        "reasoning_tokens": thoughts,
        "cached_tokens": first_known(sent, names=("cached_content_token_count", "cachedContentTokenCount")),
    }
