"""Recording, set up in this process: one recorder, in whatever telemetry pipeline the application has."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry._logs import _internal as logs_api

from otel_i2e.capture.anthropic_sdk import complete_anthropic
from otel_i2e.capture.background import INGEST, Background
from otel_i2e.capture.exits import at_exit
from otel_i2e.capture.instrumentors import activate_instrumentors
from otel_i2e.capture.providers import GlobalProvider
from otel_i2e.capture.recorder import Recorder
from otel_i2e.capture.termination import arm, disarm
from otel_i2e.capture.tracing import OwnTracerProvider, join_tracing
from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import I2EError
from otel_i2e.forks import fork_guard

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from otel_i2e.capture.logs import OwnLoggerProvider

__all__ = ["configure", "install", "recorder", "start"]

_log = logging.getLogger("otel_i2e")
_lock: Final = threading.RLock()


class _Process:
    """What this process has."""

    recorder: Recorder | None = None
    background: Background | None = None


def recorder() -> Recorder | None:
    """The process's recorder; None when nothing is installed."""
    return _Process.recorder


def install(settings: Settings, *, provider: TracerProvider | None = None) -> Recorder:
    """Record this process's spans into the spool that `settings` name. A second call gives the same Recorder.

    `provider` is joined in any case; without it, the application's global TracerProvider is joined, now
    or when it is set, and one of ours is set at the first span while there is none. `capture="off"`
    installs nothing and gives a Recorder that is handed nothing. Raises ConfigError when secrets are to be
    redacted and cannot be.
    """
    with fork_guard, _lock:
        if _Process.recorder is None:
            _check_redaction(settings)
            if not settings.store.startswith("ducklake:"):  # where it is now, wherever the application goes
                settings = replace(settings, store=str(settings.store_path))
            _Process.recorder = Recorder(settings, on_stored=_stored, on_first=_first)
            if settings.capture != "off":
                at_exit(_leave)
                _begin(_Process.recorder)
            _announce(settings)
        if provider is not None and settings.capture != "off":
            join_tracing(_Process.recorder, provider)
        return _Process.recorder


def start(*, ingest: str = INGEST, **given: Any) -> Recorder | None:
    """Install with the environment's settings, `given` on top, and move the spool into the store in the background.

    None when the settings are not valid: that is logged in one line, nothing is recorded, nothing raised.
    `ingest` names the function that the background thread runs.
    """
    try:
        settings = load_settings(**given)
    except I2EError as error:
        _log.error("otel-i2e records nothing: %s", error)  # one line: a traceback says no more
        return None
    with fork_guard, _lock:
        already = _Process.recorder
        if already is not None:  # whoever installed it decides, also whether this process ingests
            if given and already.settings != settings:
                _log.warning("otel-i2e records to %s already; settings given later are ignored", already.spool_path)
            return already
        try:
            _check_redaction(settings)
        except I2EError as error:
            _log.error("otel-i2e records nothing: %s", error)  # as above
            return None
        if settings.capture != "off":
            _Process.background = Background(settings, ingest)
        return install(settings)


def configure(**settings: Any) -> Recorder | None:
    """Do what `import otel_i2e.auto` does, with `settings` on top of those of the environment.

    The names are those of `otel_i2e.config.Settings`: `configure(store="traces.duckdb", service="shop")`.
    The first call in a process counts. None when a setting is not valid: that is logged in one line,
    nothing is recorded, and nothing raised.
    """
    return start(**settings)


def _begin(recorder: Recorder) -> None:
    def make_logs() -> OwnLoggerProvider:
        from otel_i2e.capture.logs import OwnLoggerProvider  # the SDK's logs are loaded by those who log events

        return OwnLoggerProvider(recorder)

    def join_logging(provider: Any) -> bool:
        from otel_i2e.capture.logs import join_logs

        return join_logs(recorder, provider)

    def join(provider: Any) -> bool:
        return join_tracing(recorder, provider)

    GlobalProvider(trace, "tracer", join=join, make=lambda: OwnTracerProvider(recorder)).begin()
    GlobalProvider(logs_api, "logger", join=join_logging, make=make_logs).begin()
    complete_anthropic(recorder, join)
    activate_instrumentors(recorder.settings)


def _stored() -> None:
    if _Process.background is not None:
        _Process.background.start()


def _first() -> None:
    if _Process.recorder is not None:
        arm(_Process.recorder.settle, _Process.recorder.exit_budget)


def _leave() -> None:
    try:
        if _Process.recorder is not None:
            _Process.recorder.settle()
            if _Process.background is not None:
                _Process.background.finish(_Process.recorder.exit_budget)
    finally:
        disarm()


def _check_redaction(settings: Settings) -> None:
    if settings.redacts and settings.capture != "off":
        from otel_i2e.redact import make_redactor  # only for those who redact

        make_redactor(settings.redact)


def _announce(settings: Settings) -> None:
    """One line, at a level that is seen without any logging set up: content is recorded by default."""
    if settings.capture == "off":
        _log.warning("otel-i2e records nothing: capture is off (I2E_CAPTURE=off)")
        return
    content = "with prompts and answers" if settings.capture == "full" else "without prompts and answers"
    if settings.redacts:
        content += ", secrets redacted"
    _log.warning(
        "otel-i2e records model calls to %s, %s; "
        "I2E_CAPTURE=metadata leaves these out, I2E_CAPTURE=off records nothing",
        settings.store_path,
        content,
    )
