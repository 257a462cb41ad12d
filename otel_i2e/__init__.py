"""otel-i2e: production LLM failures become regression tests that gate releases.

Names are loaded when they are first used: an application pays for what it calls.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_i2e.capture.context import conversation, current_trace_id, use_prompt, with_attributes
    from otel_i2e.capture.documents import record_documents
    from otel_i2e.capture.feedback import feedback
    from otel_i2e.capture.install import configure
    from otel_i2e.capture.observe import observe
    from otel_i2e.capture.span import span
    from otel_i2e.models import Document, Score
    from otel_i2e.score import scorer

__all__ = [
    "Document",
    "Score",
    "configure",
    "conversation",
    "current_trace_id",
    "feedback",
    "observe",
    "record_documents",
    "scorer",
    "span",
    "use_prompt",
    "with_attributes",
]

__version__ = "0.1.0"

_HOMES: Final = {
    "Document": "models",
    "Score": "models",
    "configure": "capture.install",
    "conversation": "capture.context",
    "current_trace_id": "capture.context",
    "feedback": "capture.feedback",
    "observe": "capture.observe",
    "record_documents": "capture.documents",
    "scorer": "score",
    "span": "capture.span",
    "use_prompt": "capture.context",
    "with_attributes": "capture.context",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
