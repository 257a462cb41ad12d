"""Test helpers for users of otel-i2e, and for otel-i2e itself.

Names are loaded when they are first used, so that a test that needs a scripted server pays for no store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_i2e.testing.chat_server import ChatRequest, ChatServer
    from otel_i2e.testing.clock import FixedClock
    from otel_i2e.testing.judge import ScriptedJudge
    from otel_i2e.testing.messages_server import MessagesRequest, MessagesServer
    from otel_i2e.testing.reply import Reply, TextBlock, ThinkingBlock, Tokens, ToolBlock
    from otel_i2e.testing.scores import score_row
    from otel_i2e.testing.spans import agent_span, llm_span, retrieval_span, row_of, tool_span, trace_of
    from otel_i2e.testing.store import temporary_store

__all__ = [
    "ChatRequest",
    "ChatServer",
    "FixedClock",
    "MessagesRequest",
    "MessagesServer",
    "Reply",
    "ScriptedJudge",
    "TextBlock",
    "ThinkingBlock",
    "Tokens",
    "ToolBlock",
    "agent_span",
    "llm_span",
    "retrieval_span",
    "row_of",
    "score_row",
    "temporary_store",
    "tool_span",
    "trace_of",
]

_HOMES = {
    "chat_server": ("ChatRequest", "ChatServer"),
    "clock": ("FixedClock",),
    "judge": ("ScriptedJudge",),
    "messages_server": ("MessagesRequest", "MessagesServer"),
    "reply": ("Reply", "TextBlock", "ThinkingBlock", "Tokens", "ToolBlock"),
    "scores": ("score_row",),
    "spans": ("agent_span", "llm_span", "retrieval_span", "row_of", "tool_span", "trace_of"),
    "store": ("temporary_store",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
