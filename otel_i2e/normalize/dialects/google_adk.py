"""Google ADK: version 1 sends request and answer as JSON in `gcp.vertex.agent.*`, version 2 OpenTelemetry's names.

Read in `google-adk` 1.39.1 and 2.13.0 and seen on the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import instructions, messages, tool_definitions
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import count, object_of, text

__all__ = ["GOOGLE_ADK"]

_MERGED: Final = "(merged tools)"
_NO_PARAMS: Final = frozenset({"system_instruction", "tools", "labels", "http_options", "response_schema"})
_ROLES: Final = {"model": "assistant"}


def _read(raw: RawSpan, logs: Sequence[RawLog]) -> Facts:
    request = object_of(raw.attributes.get("gcp.vertex.agent.llm_request")) or {}
    answer = object_of(raw.attributes.get("gcp.vertex.agent.llm_response")) or {}
    user = next((text(log.attributes.get("user.id")) for log in logs if log.attributes.get("user.id")), None)
    facts: Facts = {"user_id": user, **_mended(raw.attributes)}
    if not request:
        return facts
    config: Any = request.get("config")
    given: Json = config if is_object(config) else {}
    return {
        **facts,
        "kind": "llm",
        "request_model": text(request.get("model")),
        "system_instructions": instructions(given.get("system_instruction")),
        "input_messages": messages(_said(request.get("contents"))),
        "tool_definitions": tool_definitions(_declared(given.get("tools"))),
        "request_params": _params(given),
        "output_messages": messages(_said([answer.get("content")])),
        "response_model": text(answer.get("model_version")),
        **_usage(answer.get("usage_metadata")),
    }


def _mended(sent: Json) -> Facts:
    """What version 2 says wrongly.

    Its run of merged tools is none. Its output is candidates plus thoughts, as Gemini counts them; models of other
    providers, over LiteLLM, have the thoughts among the candidates, so they were added twice.
    """
    if sent.get(semconv.TOOL_NAME) == _MERGED:
        return {"kind": "chain"}
    output, thoughts = count(sent.get(semconv.OUTPUT_TOKENS)), count(sent.get(semconv.REASONING_TOKENS))
    provider = text(sent.get(semconv.PROVIDER_NAME)) or "gcp."
    if not output or not thoughts or provider.startswith("gcp.") or thoughts > output:
        return {}
    return {"output_tokens": output - thoughts}


def _params(given: Json) -> Json | None:
    found = {name: value for name, value in given.items() if name not in _NO_PARAMS and value is not None}
    if "max_output_tokens" in found:
        found["max_tokens"] = found.pop("max_output_tokens")
    return found or None


def _said(contents: Any) -> list[Json]:
    return [
        {"role": _ROLES.get(str(said.get("role")), said.get("role") or "user"), "parts": said.get("parts") or []}
        for said in (contents if is_list(contents) else [])
        if is_object(said)
    ]


def _declared(tools: Any) -> list[Any]:
    found: list[Any] = []
    for tool in tools if is_list(tools) else []:
        declared = tool.get("function_declarations") if is_object(tool) else None
        found += declared if is_list(declared) else []
    return found


def _usage(value: Any) -> Facts:
    sent: Json = value if is_object(value) else {}
    return {
        "cache_read_tokens": count(sent.get("cached_content_token_count")),
        "reasoning_tokens": count(sent.get("thoughts_token_count")),
    }


GOOGLE_ADK: Final = Dialect(
    name="google_adk",
    fields={
        "tool_arguments": ("gcp.vertex.agent.tool_call_args",),
        "tool_result": ("gcp.vertex.agent.tool_response",),
        "conversation_id": ("gcp.vertex.agent.session_id",),
        "reasoning_tokens": ("gen_ai.usage.experimental.reasoning_tokens",),
    },
    names=r"gcp\.vertex\.agent\.(llm_request|llm_response|tool_)",
    scopes=("gcp.vertex.agent",),
    read=_read,
)
