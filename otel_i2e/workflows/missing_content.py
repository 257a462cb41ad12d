"""Which instrumentation records model calls without content, and which of its settings changes that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_i2e.store import Reader

__all__ = ["missing_content"]

# Of agents and tools only ours are known to record content, and one that has none by its nature is no fault.
_MISSING: Final = """
SELECT coalesce(scope_name, '(no scope)') AS scope, coalesce(dialect, 'unknown') AS dialect,
    CASE WHEN kind = 'llm' THEN 'model calls' ELSE 'agents and tools' END AS what,
    count(*) FILTER (content_state = 'missing') AS missing, count(*) AS calls
FROM span_rows
WHERE duplicate_of IS NULL AND (kind = 'llm' OR (kind IN ('agent', 'tool') AND dialect = 'i2e'))
GROUP BY ALL HAVING missing > 0 AND (what = 'model calls' OR missing = calls)
ORDER BY missing DESC, scope LIMIT 3
"""
_STANDARD: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY (older instrumentations: true)"
_BY_SCOPE: Final = {
    "com.anthropic.claude_code": "OTEL_LOG_USER_PROMPTS=1",
    "com.anthropic.": "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content",
    "otel_i2e": "I2E_CAPTURE=full",
    "openinference.": "OPENINFERENCE_HIDE_INPUTS=false and OPENINFERENCE_HIDE_OUTPUTS=false",
    "pydantic-ai": "InstrumentationSettings(include_content=True)",
}
"""Beginning of the scope → the setting; the first that fits."""
_BY_DIALECT: Final = {
    "i2e": "I2E_CAPTURE=full",
    "anthropic_sdk": "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content",
    "openllmetry": "TRACELOOP_TRACE_CONTENT=true",
    "openinference": "OPENINFERENCE_HIDE_INPUTS=false and OPENINFERENCE_HIDE_OUTPUTS=false",
    "pydantic_ai": "InstrumentationSettings(include_content=True)",
    "vercel_ai": "experimental_telemetry with recordInputs and recordOutputs true",
}
"""Dialect → the setting, where the scope does not tell."""


def missing_content(reader: Reader) -> Iterator[str]:
    """One line for each of the three scopes that most calls without content come from."""
    for row in reader.rows(_MISSING):
        setting = _setting(row["scope"], row["dialect"])
        yield (
            f"{row['missing']:,} of {row['calls']:,} {row['what']} were recorded without content by scope "
            f"{row['scope']}, so scorers and promotion have nothing to read; set there {setting}"
        )


def _setting(scope: str, dialect: str) -> str:
    by_scope = (setting for beginning, setting in _BY_SCOPE.items() if scope.startswith(beginning))
    return next(by_scope, None) or _BY_DIALECT.get(dialect, _STANDARD)
