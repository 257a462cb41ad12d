"""Claude Code and the Claude Agent SDK: bare names on spans of kind `span.type`.

Source: code.claude.com/docs/en/monitoring-usage, and the names that MLflow's translator of these spans
reads. A request shows only what is new in its context, so earlier turns are on earlier spans.
`input_tokens` is without the cache. `<REDACTED>` stands where content was not opted in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import content, instructions, messages
from otel_i2e.normalize.raw import Json, RawLog, RawSpan
from otel_i2e.normalize.readers import amount, count, text, tool_result, words

__all__ = ["CLAUDE_CODE"]

_KINDS: Final = {
    "interaction": "agent",
    "llm_request": "llm",
    "tool": "tool",
    "tool.execution": "other",
    "tool.blocked_on_user": "other",
    "hook": "other",
}
_EVENTS: Final = {
    "claude_code.user_prompt": "interaction",
    "claude_code.api_request": "llm_request",
    "claude_code.api_error": "llm_request",
    "claude_code.tool_result": "tool",
}
"""Log records, which have this name in their body, and the kind of span that they speak of."""
_GIVEN_TO_TOOL: Final = ("tool_input", "tool_parameters", "full_command", "file_path")
_CAME_BACK: Final = ("output", "content", "diff")


def _read(raw: RawSpan, logs: Sequence[RawLog]) -> Facts:
    kind = str(raw.attributes.get("span.type") or raw.name).removeprefix("claude_code.")
    sent = {**_told(logs, kind), **raw.attributes}
    facts: Facts = {"kind": _KINDS.get(kind), "operation": _OPERATIONS.get(kind)}
    if kind == "llm_request":
        return facts | _request(sent)
    if kind == "tool":
        return facts | _tool(raw, sent)
    if kind == "interaction":
        return facts | {"input_messages": messages(sent.get("user_prompt") or sent.get("prompt"))}
    return facts


def _told(logs: Sequence[RawLog], kind: str) -> Json:
    """What the events of a span of this kind say, the latest last."""
    told: Json = {}
    for log in sorted(logs, key=lambda log: log.time_ns):
        event = log.body if isinstance(log.body, str) and log.body in _EVENTS else log.event_name
        if _EVENTS.get(event) == kind:
            told |= {**log.attributes, "success": log.attributes.get("success", event != "claude_code.api_error")}
    return told


_OPERATIONS: Final = {"interaction": "invoke_agent", "llm_request": "chat", "tool": "execute_tool"}


def _request(sent: Json) -> Facts:
    given, read, write = (
        count(sent.get(name)) for name in ("input_tokens", "cache_read_tokens", "cache_creation_tokens")
    )
    return {
        "provider": "anthropic",
        "request_model": text(sent.get("model")),
        "response_id": text(sent.get("response.id") or sent.get("request_id")),
        "system_instructions": instructions(sent.get("system_prompt") or sent.get("system_prompt_preview")),
        "input_messages": messages(sent.get("new_context")),
        "output_messages": messages(sent.get("response.model_output"), "assistant"),
        "finish_reasons": words(sent.get("stop_reason")),
        "input_tokens": None if given is None else given + (read or 0) + (write or 0),
        "output_tokens": count(sent.get("output_tokens")),
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "cost_usd": amount(sent.get("cost_usd")),
        **_failure(sent),
    }


def _failure(sent: Json) -> Facts:
    """`success` is the only sign of it: the status of the span is unset."""
    if sent.get("success") is not False:
        return {}
    return {
        "status": "error",
        "status_message": text(sent.get("error")),
        "error_code": text(sent.get("status_code")),
        "error_type": text(sent.get("error_type")),
    }


def _tool(raw: RawSpan, sent: Json) -> Facts:
    given = next((sent[name] for name in _GIVEN_TO_TOOL if sent.get(name)), None)
    back = [event.attributes for event in raw.events if event.name == "tool.output"]
    result: Any = next((one[name] for one in back for name in _CAME_BACK if one.get(name)), None)
    return {
        "tool_name": text(sent.get("tool_name")),
        "tool_call_id": text(sent.get("tool_use_id")),
        "tool_arguments": content(given),
        "tool_result": tool_result(result),
        **_failure(sent),
    }


CLAUDE_CODE: Final = Dialect(
    name="claude_code",
    scopes=("com.anthropic.claude_code",),
    spans=("claude_code.",),
    events=frozenset(_EVENTS),
    values={"span.type": "claude_code."},
    names=r"(interaction\.sequence|user_prompt_length|new_context|system_prompt_(preview|hash)|cache_(read|creation)_tokens"
    r"|response\.(has_tool_call|model_output)|tool_use_id)$",
    read=_read,
)
