"""Every dialect that is understood, the most trusted first: a new one is one file, and one line here."""

from __future__ import annotations

from typing import Final

from otel_i2e.normalize.dialect import Dialect
from otel_i2e.normalize.dialects.anthropic_sdk import ANTHROPIC_SDK
from otel_i2e.normalize.dialects.claude_code import CLAUDE_CODE
from otel_i2e.normalize.dialects.google_adk import GOOGLE_ADK
from otel_i2e.normalize.dialects.i2e import I2E
from otel_i2e.normalize.dialects.langfuse import LANGFUSE
from otel_i2e.normalize.dialects.langsmith import LANGSMITH
from otel_i2e.normalize.dialects.litellm import LITELLM
from otel_i2e.normalize.dialects.logfire import LOGFIRE
from otel_i2e.normalize.dialects.mlflow import MLFLOW
from otel_i2e.normalize.dialects.openinference import OPENINFERENCE
from otel_i2e.normalize.dialects.openllmetry import OPENLLMETRY
from otel_i2e.normalize.dialects.opentelemetry import OPENTELEMETRY
from otel_i2e.normalize.dialects.opentelemetry_events import OPENTELEMETRY_EVENTS
from otel_i2e.normalize.dialects.pydantic_ai import PYDANTIC_AI
from otel_i2e.normalize.dialects.shared import SHARED
from otel_i2e.normalize.dialects.strands import STRANDS
from otel_i2e.normalize.dialects.vercel_ai import VERCEL_AI

__all__ = ["DIALECTS"]

DIALECTS: Final[tuple[Dialect, ...]] = (
    I2E,
    ANTHROPIC_SDK,
    LANGFUSE,
    OPENINFERENCE,
    MLFLOW,
    LANGSMITH,
    CLAUDE_CODE,
    PYDANTIC_AI,
    LOGFIRE,
    LITELLM,
    VERCEL_AI,
    GOOGLE_ADK,
    STRANDS,
    OPENLLMETRY,
    OPENTELEMETRY,
    OPENTELEMETRY_EVENTS,
    SHARED,
)
"""The first that a span shows a sign of names the column `dialect`; all of them are read."""
