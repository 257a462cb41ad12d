"""pydantic-ai 1 and 2, formats 1 to 6: OpenTelemetry's names, and a few of its own beside them.

Read in `pydantic-ai-slim` 0.4, 1.0, 1.20, 1.107 and 2.68; the last two seen on the wire. What chat spans say is read by
`opentelemetry`; here are tool runs, the run's own messages, and counts under `gen_ai.usage.details`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.dialects.opentelemetry_events import said_in
from otel_i2e.normalize.messages import Content, instructions, messages, tool_definitions
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import object_of, text

__all__ = ["PYDANTIC_AI"]


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    request = object_of(sent.get("model_request_parameters")) or {}
    parts = request.get("instruction_parts")
    said = [part.get("content") for part in parts if is_object(part)] if is_list(parts) else []
    offered = (request.get(name) for name in ("function_tools", "output_tools"))
    tools = [tool for listed in offered if is_list(listed) for tool in listed if is_object(tool)]
    return {
        "kind": None if semconv.OPERATION_NAME in sent else _KINDS.get(raw.name),
        "system_instructions": instructions([text for text in said if isinstance(text, str)]) if said else None,
        "tool_definitions": tool_definitions([{name: tool.get(key) for name, key in _TOOL.items()} for tool in tools]),
        "output_text": text(sent.get("final_result")),
        **_run(sent),
    }


def _run(sent: Json) -> Facts:
    """All messages of a run; what the assistant said last is the answer. In format 1 they are a list of events."""
    for name in ("all_messages_events", "events"):
        if name in sent:
            return said_in(sent[name])
    told = messages(sent.get("pydantic_ai.all_messages"))
    if told is None or told.value[-1]["role"] != "assistant":
        return {"input_messages": told}
    return {"input_messages": Content(told.value[:-1]), "output_messages": Content(told.value[-1:])}


_KINDS: Final = {
    "agent run": "agent",
    "running tool": "tool",
    "running output function": "tool",
    "running tools": "chain",
}
"""Spans of versions up to 1.20 that say no operation."""
_TOOL: Final = {"name": "name", "description": "description", "parameters": "parameters_json_schema"}

PYDANTIC_AI: Final = Dialect(
    name="pydantic_ai",
    fields={
        "tool_arguments": ("tool_arguments",),
        "tool_result": ("tool_response",),
        "reasoning_tokens": (
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.details.thinking_tokens",
            "gen_ai.usage.details.thoughts_tokens",
        ),
        "cache_read_tokens": (
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cached_content_tokens",
        ),
        "cache_write_tokens": (
            "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
        ),
    },
    names=r"model_request_parameters$|pydantic_ai\.all_messages$|all_messages_events$",
    scopes=("pydantic-ai",),
    read=_read,
)
