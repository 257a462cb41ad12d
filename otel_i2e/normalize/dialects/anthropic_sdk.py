"""The Anthropic SDK's own spans (scope `com.anthropic.sdk.*`; read in anthropic 2.11 and seen on the wire).

They speak the latest OpenTelemetry names, so only what differs stands here: the stop reason instead of
finish reasons, the result of a tool run under a name of its own, some request options.
"""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect

__all__ = ["ANTHROPIC_SDK"]


def _stop_reason(value: Any) -> list[str] | None:
    return [value] if isinstance(value, str) and value else None


ANTHROPIC_SDK: Final = Dialect(
    name="anthropic_sdk",
    scopes=("com.anthropic.sdk", "com.anthropic.claude-platform"),
    fields={
        "finish_reasons": ("anthropic.message.stop_reason",),
        "tool_result": ("anthropic.tool_result.content",),
    },
    readers={"finish_reasons": _stop_reason},
    params={
        "anthropic.request.service_tier": "service_tier",
        "anthropic.thinking.type": "thinking_type",
        "anthropic.thinking.budget_tokens": "thinking_budget_tokens",
        "anthropic.beta": "betas",
    },
)
