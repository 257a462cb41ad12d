"""OpenLLMetry up to 0.4x: messages in indexed attributes, `gen_ai.prompt.0.role` and so on.

Only `gen_ai.prompt.` followed by a number is meant: `gen_ai.prompt.name`, `.version` and `.variable.*`
are the conventions' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.messages import Content, canonical_message, content
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list
from otel_i2e.normalize.readers import tool_definitions, words

__all__ = ["OPENLLMETRY"]

_OPERATIONS: Final = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings", "rerank": "retrieval"}


def _operation(value: Any) -> str | None:
    return _OPERATIONS.get(value, value) if isinstance(value, str) else None


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = tree(raw.attributes, "gen_ai", "llm")
    inputs = [_message(said, "user") for said in objects(sent, "gen_ai", "prompt")]
    outputs = [_message(said, "assistant") for said in objects(sent, "gen_ai", "completion")]
    tools = [_tool(tool) for tool in objects(sent, "llm", "request", "functions")]
    return {
        "input_messages": Content(inputs) if inputs else None,
        "output_messages": Content(outputs) if outputs else None,
        "finish_reasons": words([said.get("finish_reason") for said in outputs]),
        "tool_definitions": tool_definitions(tools),
    }


def _message(said: Json, role: str) -> Json:
    given = content(said.get("content"))
    blocks = given.value if given is not None and is_list(given.value) else said.get("content")
    calls = [{"type": "tool_call", **call} for call in objects(said.get("tool_calls"))]
    return canonical_message({**said, "role": said.get("role") or role, "content": blocks, "tool_calls": calls})


def _tool(tool: Json) -> Json:
    given = content(tool.get("parameters"))
    return {**tool, "parameters": given.value if given else None}


OPENLLMETRY: Final = Dialect(
    name="openllmetry",
    fields={
        "operation": ("llm.request.type",),
        "user_id": ("llm.user",),
    },
    readers={"operation": _operation},
    params={"llm.is_streaming": "stream"},
    names=r"gen_ai\.(prompt|completion)\.\d+\.|llm\.request\.functions\.\d+\.",
    read=_read,
)
