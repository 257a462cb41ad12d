"""The judge: Claude, asked by prompt files; the only room that imports anthropic.

The SDK is heavy, so it is imported when the first judge is made, not with this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from otel_i2e.judge.model_names import is_pinned
from otel_i2e.judge.prompt_edit import write_threshold
from otel_i2e.judge.prompt_file import BUILT_IN, built_in_prompts, load_prompt, parse_prompt
from otel_i2e.judge.request import request_key

if TYPE_CHECKING:
    from otel_i2e.judge.claude import ClaudeJudge
    from otel_i2e.judge.connection import NO_KEY, has_credentials

__all__ = [
    "BUILT_IN",
    "NO_KEY",
    "ClaudeJudge",
    "built_in_prompts",
    "has_credentials",
    "is_pinned",
    "load_prompt",
    "parse_prompt",
    "request_key",
    "write_threshold",
]


_HEAVY = {"ClaudeJudge": "claude", "NO_KEY": "connection", "has_credentials": "connection"}


def __getattr__(name: str) -> Any:
    if name in _HEAVY:
        return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
