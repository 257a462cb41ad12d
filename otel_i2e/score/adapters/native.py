"""The answer as the application gave it: a span holds anything but text as its JSON, and says so."""

from __future__ import annotations

from typing import Any

from otel_i2e import semconv
from otel_i2e.models import Subject
from otel_i2e.score.values import parsed

__all__ = ["native_output"]


def native_output(subject: Subject) -> Any:
    """A JSON value where the span says that its output is one; else its text."""
    output = subject.output
    if output is None or (subject.span.attributes or {}).get(semconv.OUTPUT_MIME_TYPE) != semconv.MIME_JSON:
        return output
    try:
        return parsed(output)
    except (ValueError, RecursionError):  # cut, or somebody else's claim
        return output
