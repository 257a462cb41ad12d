"""Vercel AI SDK 5 and 6, and the legacy spans of 7: `ai.*`; `ai.operationId` shows it.

Read in npm `ai` 5.0.277, 6.0.326 and `@ai-sdk/otel` 1.0.173, and seen on the wire. A wrapper span
(`ai.generateText`) repeats text and the sum of the usage of its model calls (`….doGenerate`), so only the
latter are model calls. The SDK 7 speaks OpenTelemetry's names, which `opentelemetry` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import Content, content, instructions, messages, tool_definitions
from otel_i2e.normalize.parts import text_part, tool_call_part
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import count, object_of, text
from otel_i2e.normalize.usage import usage

__all__ = ["VERCEL_AI"]

_SETTINGS: Final = "ai.settings."
_PARAMS: Final = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "seed": "seed",
    "stopSequences": "stop_sequences",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_CALLS: Final = (".doGenerate", ".doStream")
_DETAILS: Final = "ai.usage.inputTokenDetails.cacheReadTokens"
"""Version 6 sends it, whose input includes the cache."""
_COUNTS: Final = (
    ("input_tokens", ("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens")),
    ("output_tokens", ("ai.usage.outputTokens", "ai.usage.completionTokens")),
    ("cache_read_tokens", (_DETAILS, "ai.usage.cachedInputTokens")),
    ("cache_write_tokens", ("ai.usage.inputTokenDetails.cacheWriteTokens",)),
    ("reasoning_tokens", ("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens")),
)


def _kind(value: Any) -> str | None:
    operation = value if isinstance(value, str) else ""
    if operation == "ai.toolCall":
        return "tool"
    if operation.endswith(_CALLS):
        return "llm"
    return "embedding" if operation.endswith(".doEmbed") else "chain"


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    if sent.get("ai.operationId") == "ai.toolCall":
        return {}
    if str(sent.get("ai.operationId")).startswith("ai.embed"):
        return {"input_text": _embedded(sent), **_usage(sent)}
    system, said = _asked(sent.get("ai.prompt.messages", sent.get("ai.prompt")))
    return {
        "system_instructions": instructions(system),
        "input_messages": said,
        "output_messages": _answered(sent),
        "tool_definitions": tool_definitions(sent.get("ai.prompt.tools")),
        "request_params": {
            _PARAMS[bare]: value
            for name, value in sent.items()
            if name.startswith(_SETTINGS) and (bare := name.removeprefix(_SETTINGS)) in _PARAMS
        }
        or None,
        **_usage(sent),
    }


def _embedded(sent: Json) -> str | None:
    """The texts, each of which is JSON text, one a line; the vectors stay among the attributes."""
    given: Any = sent.get("ai.values", sent.get("ai.value"))
    texts = [text(_parsed(one)) for one in (given if is_list(given) else [given])]
    return "\n".join(filter(None, texts)) or None


def _asked(value: Any) -> tuple[Any, Content | None]:
    """System instructions and messages, from the messages of a model call or from a wrapper's prompt."""
    prompt = _parsed(value)
    if is_object(prompt):
        return prompt.get("system"), messages(_spelled(prompt.get("messages") or prompt.get("prompt")))
    if not is_list(prompt):
        return None, messages(prompt)
    system = [said.get("content") for said in prompt if is_object(said) and said.get("role") == "system"]
    others = [said for said in prompt if not is_object(said) or said.get("role") != "system"]
    return "\n".join(str(one) for one in system) or None, messages(_spelled(others))


def _spelled(said: Any) -> Any:
    """Messages with the SDK's part types in spellings that are known anyway."""
    if not is_list(said):
        return said
    return [_message(one) if is_object(one) else one for one in said]


def _message(said: Json) -> Json:
    blocks = said.get("content")
    if not is_list(blocks):
        return said
    return {"role": said.get("role"), "parts": [_block(part) if is_object(part) else part for part in blocks]}


def _block(part: Json) -> Json:
    kind = part.get("type")
    if kind == "tool-call":
        return tool_call_part(part.get("toolCallId"), part.get("toolName"), part.get("input", part.get("args")))
    if kind == "tool-result":
        back = part.get("output", part.get("result"))
        value = back.get("value") if is_object(back) and "value" in back else back
        answer = {"type": "tool_call_response", "id": part.get("toolCallId"), "response": _parsed(value)}
        return {**answer, "is_error": True} if part.get("isError") is True or _failed(back) else answer
    if kind in ("file", "image"):
        data, mime_type = part.get("data", part.get("image")), part.get("mediaType")
        if not isinstance(data, str):
            return part
        return {"type": kind, "source": {"url" if "://" in data[:12] else "data": data, "media_type": mime_type}}
    return part


def _failed(back: Any) -> bool:
    return is_object(back) and back.get("type") in ("error-text", "error-json")


def _parsed(value: Any) -> Any:
    given = content(value)
    return given.value if given else None


def _answered(sent: Json) -> Content | None:
    parts: list[Json] = []
    if thought := text(sent.get("ai.response.reasoning")):
        parts.append({"type": "reasoning", "content": thought})
    if said := text(sent.get("ai.response.text") or sent.get("ai.response.object")):
        parts.append(text_part(said))
    calls = _parsed(sent.get("ai.response.toolCalls"))
    parts += [
        tool_call_part(call.get("toolCallId"), call.get("toolName"), call.get("input"))
        for call in (calls if is_list(calls) else [])
        if is_object(call)
    ]
    if not parts:
        return None
    return Content([{"role": "assistant", "parts": parts, "finish_reason": sent.get("ai.response.finishReason")}])


def _usage(sent: Json) -> Facts:
    """The counts of the SDK, or the provider's own: versions below 6 do not tell what their input includes.

    Those of a wrapper are sums of several calls, of which the provider's usage is only the last.
    """
    counted: Facts = {}
    for column, names in _COUNTS:
        found = [number for name in names if (number := count(sent.get(name))) is not None]
        counted[column] = next(filter(None, found), found[0] if found else None)
    return {**counted, **_own_usage(sent, counted)} if str(sent.get("ai.operationId")).endswith(_CALLS) else counted


def _own_usage(sent: Json, counted: Facts) -> Facts:
    for provider in (object_of(sent.get("ai.response.providerMetadata")) or {}).values():
        if not is_object(provider):
            continue
        own = {column: number for column, number in usage(provider.get("usage")).items() if number is not None}
        if "input_tokens" in own:
            return own
        if (written := count(provider.get("cacheCreationInputTokens"))) is not None and _DETAILS not in sent:
            read = count(provider.get("cacheReadInputTokens")) or counted["cache_read_tokens"] or 0
            asked = counted["input_tokens"]
            return {
                "input_tokens": None if asked is None else asked + read + written,
                "cache_read_tokens": read,
                "cache_write_tokens": written,
            }
    return {}


VERCEL_AI: Final = Dialect(
    name="vercel_ai",
    fields={
        "kind": ("ai.operationId",),
        "provider": ("ai.model.provider",),
        "request_model": ("ai.model.id",),
        "response_model": ("ai.response.model",),
        "response_id": ("ai.response.id",),
        "finish_reasons": ("ai.response.finishReason",),
        "conversation_id": ("ai.telemetry.metadata.sessionId", "ai.settings.context.sessionId"),
        "user_id": ("ai.telemetry.metadata.userId", "ai.settings.context.userId"),
        "tool_name": ("ai.toolCall.name",),
        "tool_call_id": ("ai.toolCall.id",),
        "tool_arguments": ("ai.toolCall.args",),
        "tool_result": ("ai.toolCall.result",),
    },
    readers={"kind": _kind},
    names=r"ai\.(operationId|values?$|prompt|response\.|settings\.|usage\.|model\.)",
    read=_read,
)
