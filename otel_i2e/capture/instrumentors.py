"""Installed OpenTelemetry and OpenInference instrumentors for other model providers and frameworks, switched on.

When the application imports a provider's package, the best installed instrumentor for it is activated:
one for each, and none for Anthropic, whose SDK traces itself. The application's own choice stands: an
instrumentor that it imported, or `opentelemetry-instrument`, is left to do the work.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from otel_i2e.capture.imports import when_imported
from otel_i2e.config import Settings

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["FAMILIES", "TARGETS", "activate_instrumentors"]

_log = logging.getLogger("otel_i2e")
_GROUP: Final = "opentelemetry_instrumentor"
_DISABLED: Final = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
_LATEST: Final = "gen_ai_latest_experimental"

TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "openai": ("openai", "openai_v2"),
    "agents": ("openai_agents",),
    "google.genai": ("google_genai", "google_generativeai"),
    "vertexai": ("vertexai", "vertexai_v2"),
    "botocore": ("bedrock",),
    "mistralai": ("mistralai",),
    "groq": ("groq",),
    "cohere": ("cohere",),
    "ollama": ("ollama",),
    "together": ("together",),
    "litellm": ("litellm",),
    "langchain_core": ("langchain",),
    "llama_index.core": ("llama_index", "llamaindex"),
    "crewai": ("crewai",),
    "dspy": ("dspy",),
    "haystack": ("haystack",),
    "smolagents": ("smolagents",),
}
"""Package that the application imports → names of its instrumentors' entry points (`-` read as `_`)."""

FAMILIES: Final = (
    "opentelemetry.instrumentation.genai.",
    "openinference.instrumentation.",
    "opentelemetry.instrumentation.",
)
"""Where instrumentors come from, best first: whose spans say most in the latest names."""

_OTHER_RECORDERS: Final = ("opentelemetry.instrumentation.auto_instrumentation", "traceloop.sdk", "openlit", "logfire")
"""Loaded, each of these activates instrumentors itself."""


def activate_instrumentors(settings: Settings) -> None:
    """Activate what is installed for each provider, when the application imports the provider's package."""

    def on_import(names: tuple[str, ...]) -> Callable[[ModuleType], None]:
        return lambda _module: _activate(names, settings)

    for package, names in TARGETS.items():
        when_imported(package, on_import(names))


def _activate(names: tuple[str, ...], settings: Settings) -> None:
    if any(name in sys.modules for name in _OTHER_RECORDERS) or _within_instrumentor(sys._getframe()):  # noqa: SLF001 -- the only way to see who imports
        return
    candidates = _candidates(names)
    if not candidates or any(entry.module in sys.modules for entry in candidates):
        return  # none, or the application has one in its own hands
    chosen = candidates[0]
    if settings.capture == "full":
        _ask_for_content(chosen)
    instrumentor: Any = chosen.load()()
    if not getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
        instrumentor.instrument()
        _log.info("otel-i2e activated %s", chosen.value)


def _candidates(names: tuple[str, ...]) -> list[EntryPoint]:
    """Installed and not disabled, best first."""
    from importlib.metadata import entry_points  # loading it takes as long as a fifth of the SDK

    disabled = {name.strip() for name in os.environ.get(_DISABLED, "").split(",")}
    if "*" in disabled:
        return []
    found = [
        entry
        for entry in entry_points(group=_GROUP)
        if entry.name.replace("-", "_") in names and entry.name not in disabled and entry.module.startswith(FAMILIES)
    ]
    return sorted(found, key=lambda entry: next(i for i, f in enumerate(FAMILIES) if entry.module.startswith(f)))


def _ask_for_content(entry: EntryPoint) -> None:
    """Say in the instrumentor's own words that content is wanted, where the application says nothing.

    Those on `opentelemetry-util-genai` take a word and read `true` as no content; older ones take `true`;
    those of other families record content by default.
    """
    needs = " ".join(entry.dist.requires or ()) if entry.dist is not None else ""
    os.environ.setdefault(_CONTENT, "SPAN_ONLY" if "opentelemetry-util-genai" in needs else "true")
    chosen = [word for word in os.environ.get(_OPT_IN, "").split(",") if word.strip()]
    if _LATEST not in chosen:
        os.environ[_OPT_IN] = ",".join([*chosen, _LATEST])


def _within_instrumentor(frame: FrameType | None) -> bool:
    """Whether the import under way was begun by an instrumentor, which will instrument by itself."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(FAMILIES):
            return True
        frame = frame.f_back
    return False
