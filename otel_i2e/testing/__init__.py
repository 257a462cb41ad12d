"""Test helpers for users of otel-i2e, and for otel-i2e itself.

Names are loaded when they are first used, so that a test that needs a scripted server pays for no store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_i2e.testing.messages_server import MessagesRequest, MessagesServer
    from otel_i2e.testing.reply import Reply, TextBlock, ThinkingBlock, Tokens, ToolBlock

__all__ = [
    "MessagesRequest",
    "MessagesServer",
    "Reply",
    "TextBlock",
    "ThinkingBlock",
    "Tokens",
    "ToolBlock",
]

_HOMES = {
    "MessagesRequest": "messages_server",
    "MessagesServer": "messages_server",
    "Reply": "reply",
    "TextBlock": "reply",
    "ThinkingBlock": "reply",
    "Tokens": "reply",
    "ToolBlock": "reply",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
