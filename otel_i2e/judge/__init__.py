"""The judge: Claude, asked by prompt files; the only room that imports anthropic.

The SDK is heavy, so it is imported when the first judge is made, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_i2e.judge.prompt_file import built_in_prompts, load_prompt, parse_prompt
from otel_i2e.judge.request import request_key

if TYPE_CHECKING:
    from otel_i2e.judge.claude import NO_KEY, ClaudeJudge, has_credentials

__all__ = [
    "NO_KEY",
    "ClaudeJudge",
    "built_in_prompts",
    "has_credentials",
    "load_prompt",
    "parse_prompt",
    "request_key",
]


def __getattr__(name: str) -> Any:
    if name in ("ClaudeJudge", "NO_KEY", "has_credentials"):
        from otel_i2e.judge import claude

        return getattr(claude, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
