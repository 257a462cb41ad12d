"""Google ADK: version 1 sends request and answer as JSON in `gcp.vertex.agent.*`, version 2 OpenTelemetry's names.

Read in `google-adk` 1.39.1 and 2.13.0 and seen on the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.cut_json import left_of
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import cut_off, instructions, messages, tool_definitions
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import count, text, words

__all__ = ["GOOGLE_ADK"]

_MERGED: Final = "(merged tools)"
_NO_PARAMS: Final = frozenset({"system_instruction", "tools", "labels", "http_options", "response_schema"})
_ROLES: Final = {"model": "assistant"}


def _read(raw: RawSpan, logs: Sequence[RawLog]) -> Facts:
    request, cut = _object(raw.attributes.get("gcp.vertex.agent.llm_request"))
    answer, answer_cut = _object(raw.attributes.get("gcp.vertex.agent.llm_response"))
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
        "input_messages": cut_off(messages(_said(request.get("contents"))), cut),
        "tool_definitions": tool_definitions(_declared(given.get("tools"))),
        "request_params": _params(given),
        "output_messages": cut_off(messages(_said([answer.get("content")])), answer_cut),
        "response_model": text(answer.get("model_version")),
        **_usage(None if answer_cut else answer.get("usage_metadata"), raw.attributes),
        **_end(answer, raw.attributes),
    }


def _object(value: Any) -> tuple[Json, bool]:
    """An object that was sent as JSON text, or what is left of it, no word cut in half; and whether it was cut."""
    found, cut = left_of(value)
    if not is_object(found):
        return {}, False
    if cut and found and isinstance(found[last := list(found)[-1]], str):
        del found[last]
    return found, cut


def _end(answer: Json, sent: Json) -> Facts:
    """Why the answer ended, unless an attribute says so, and whether it is one: Gemini may block it or end it empty."""
    facts: Facts = {} if semconv.FINISH_REASONS in sent else {"finish_reasons": words(answer.get("finish_reason"))}
    code = text(answer.get("error_code"))
    if code is None or code == "STOP":
        return facts
    return {
        **facts,
        "status": "error",
        "error_type": code,
        "error_code": code,
        "status_message": text(answer.get("error_message")),
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


def _usage(value: Any, sent: Json) -> Facts:
    """Counts as Gemini's API names them; its candidates are without the thoughts, those of other providers with them.

    The total tells which. Early releases send no count as an attribute; where there is one, that is taken.
    """
    counted: Json = value if is_object(value) else {}
    asked, used_by_tools, answered, thoughts, total = (
        count(counted.get(f"{name}_token_count"))
        for name in ("prompt", "tool_use_prompt", "candidates", "thoughts", "total")
    )
    facts: Facts = {
        "cache_read_tokens": count(counted.get("cached_content_token_count")),
        "reasoning_tokens": thoughts,
    }
    if asked is not None and semconv.INPUT_TOKENS not in sent:
        facts["input_tokens"] = asked + (used_by_tools or 0)
    if answered is not None and semconv.OUTPUT_TOKENS not in sent:
        apart = total is None or total == (asked or 0) + (used_by_tools or 0) + answered + (thoughts or 0)
        facts["output_tokens"] = answered + (thoughts or 0) if apart else answered
    return facts


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
