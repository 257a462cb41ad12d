"""The Anthropic SDK traces itself; this turns its content on and adds what its spans leave out.

`anthropic` is never imported here: when the application does, `BaseClient` is prepared, so that every
client records content (unless the application or a variable chose otherwise, which always wins) and
has a middleware of ours around each call. The middleware passes requests, answers and errors through
untouched. Read in anthropic 2.0 and 2.11; where a version lacks what is needed, one log line says so and
the SDK's own spans are recorded as they are.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace

from otel_i2e.capture.imports import when_imported
from otel_i2e.capture.supplements import add_supplement

if TYPE_CHECKING:
    from otel_i2e.capture.anthropic_call import Call
    from otel_i2e.capture.recorder import Recorder

__all__ = ["complete_anthropic"]

_SCOPE: Final = "com.anthropic.sdk.python"
_SPAN: Final = "anthropic.messages.create"
_CONTENT_MODE: Final = "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE"
_MAX_BYTES: Final = "ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES"


def complete_anthropic(recorder: Recorder, join: Callable[[Any], bool]) -> None:
    """Prepare the SDK when the application imports it. `join` puts our processor into a provider a client was given."""

    def prepare(module: ModuleType) -> None:
        client = getattr(module, "BaseClient", None)
        if not (hasattr(client, "_set_open_telemetry") and hasattr(module, "httpx2")):
            recorder.note("incomplete", "this anthropic SDK is not known: its calls may lack content or be missing")
            if recorder.settings.capture == "full":
                os.environ.setdefault(_CONTENT_MODE, "content")
            return
        from importlib import import_module

        middleware = import_module("anthropic._middleware").Middleware
        _prepare_options(client, recorder, join)
        _prepare_middleware(client, _middleware_class(middleware, recorder, module.httpx2))

    when_imported("anthropic._base_client", prepare)


def _prepare_options(client: Any, recorder: Recorder, join: Callable[[Any], bool]) -> None:
    """Every option a client gets passes through one method, also in `copy` and `with_options`."""
    original: Callable[[Any, Any], None] = client._set_open_telemetry  # noqa: SLF001 -- the SDK has no public way

    @wraps(original)
    def set_open_telemetry(self: Any, open_telemetry: Any) -> None:
        try:
            chosen = _with_content(open_telemetry, recorder)
            provider: Any = chosen.get("tracer_provider") if chosen else None
            if provider is not None:
                join(provider)
        except Exception:  # noqa: BLE001 -- the client must come to be whatever we make of its option
            recorder.note("incomplete", "an anthropic client's open_telemetry option could not be read")
            chosen = open_telemetry
        original(self, chosen)

    client._set_open_telemetry = set_open_telemetry  # noqa: SLF001 -- as above


def _with_content(option: Any, recorder: Recorder) -> Any:
    """`option` with content on, where neither it nor a variable says anything about content or switches traces off."""
    if recorder.settings.capture != "full" or option is False:
        return option
    options: dict[str, Any] = {} if option is None or option is True else dict(option)
    given = options.get("traces")
    if given is False or (option is None and _environment_chose()):
        return option
    traces: dict[str, Any] = {} if given is None or given is True else dict(given)
    if traces.get("enabled") is False or traces.get("content_mode") is not None:
        return option
    traces["content_mode"] = "content"
    if traces.get("max_content_bytes") is None:
        limit = os.environ.get(_MAX_BYTES, "").strip() if option is None else ""
        traces["max_content_bytes"] = int(limit) if limit.isdecimal() and int(limit) else _limit(recorder)
    if option is None and os.environ.get("ANTHROPIC_OPEN_TELEMETRY_PROPAGATION", "").lower() == "false":
        options["propagation"] = False
    return {**options, "traces": traces}


def _environment_chose() -> bool:
    return bool(os.environ.get(_CONTENT_MODE)) or os.environ.get("ANTHROPIC_OPEN_TELEMETRY", "").lower() == "false"


def _limit(recorder: Recorder) -> int:
    return max(1, recorder.settings.recorded_bytes)


def _prepare_middleware(client: Any, ours: type[Any]) -> None:
    original: Callable[..., None] = client.__init__

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        others = [entry for entry in kwargs.get("middleware") or () if not isinstance(entry, ours)]
        # ours is outermost: inside, another's span may be the current one
        kwargs["middleware"] = (ours(self, alone=not others), *others)
        original(self, *args, **kwargs)

    client.__init__ = init


def _middleware_class(kind: type[Any], recorder: Recorder, http: ModuleType) -> type[Any]:
    """A middleware for sync and async clients."""
    from otel_i2e.capture.anthropic_call import Call
    from otel_i2e.capture.anthropic_stream import recorded_streams

    recorded = recorded_streams(http)

    def begin(client: Any, request: Any) -> Call | None:
        try:
            span: Any = trace.get_current_span()
            scope = getattr(span, "instrumentation_scope", None)
            if request.options.span_name != _SPAN or scope is None or not scope.name.startswith(_SCOPE):
                return None  # another endpoint, or a client that does not trace
            call = Call(request.json, content=client is not None and client._otel.records_content)  # noqa: SLF001 -- the SDK has no public way
            add_supplement(span.get_span_context().span_id, call)
        except Exception:  # noqa: BLE001 -- the call goes on without us
            recorder.note("incomplete", "a call of the anthropic SDK could not be completed")
            return None
        return call

    def answered(call: Call, response: Any) -> None:
        try:
            http_response = getattr(response, "http_response", None)
            if http_response is not None:
                call.answered(http_response, recorded)
        except Exception:  # noqa: BLE001 -- as above
            recorder.note("incomplete", "an answer of the anthropic SDK could not be completed")

    class Completion(kind):
        """otel-i2e: adds what the SDK's spans leave out. Changes neither request nor answer."""

        def __init__(self, client: Any, *, alone: bool) -> None:
            self._client = weakref.ref(client)
            self._alone = alone

        def handle(self, request: Any, call_next: Callable[[Any], Any]) -> Any:
            call = begin(self._client(), request)
            try:
                response = call_next(request)
                if self._hides_error(response):
                    response.read()
                    self._raise_for(response)
            except Exception as error:
                if call is not None:
                    call.failed(error)
                raise
            if call is not None:
                answered(call, response)
            return response

        async def handle_async(self, request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
            call = begin(self._client(), request)
            try:
                response = await call_next(request)
                if self._hides_error(response):
                    await response.aread()
                    self._raise_for(response)
            except Exception as error:
                if call is not None:
                    call.failed(error)
                raise
            if call is not None:
                answered(call, response)
            return response

        def _hides_error(self, response: Any) -> bool:
            """Whether the SDK would raise this answer, or try again, were we not here.

            Where a caller asks for a plain `httpx2.Response`, a client with any middleware hands errors back instead
            (2.11 and 2.14).
            """
            return self._alone and isinstance(response, http.Response) and not response.is_success

        def _raise_for(self, response: Any) -> None:
            client = self._client()
            if client is not None:
                raise client._make_status_error_from_response(response)  # noqa: SLF001 -- the SDK has no public way

    return Completion
