"""One local address for an emitter: the model APIs, an OTLP sink, and a note of what crossed the wire."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from dataclasses import dataclass, field
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

from model import reply

from otel_i2e.testing import ChatServer, MessagesServer
from otel_i2e.testing.local_http import HttpAnswer, HttpCall, LocalServer

__all__ = ["Recorder", "Recording"]

_PASSED: Final = ("x-api-key", "authorization", "api-key", "content-type", "anthropic-version", "anthropic-beta")
_MESSAGES: Final = "/v1/messages"
_CHAT: Final = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings")


@dataclass
class Recording:
    """What one scenario exported, and what crossed the wire."""

    traces: list[bytes] = field(default_factory=list[bytes])
    """Bodies of ExportTraceServiceRequest."""
    logs: list[bytes] = field(default_factory=list[bytes])
    """Bodies of ExportLogsServiceRequest."""
    wire: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """`path`, `request` (JSON), `status`, `stream`, `response` (JSON, or the event stream as text)."""


class Recorder:
    """Serves while the context is open; `recordings` is by scenario."""

    def __init__(self) -> None:
        self.recordings: dict[str, Recording] = {}
        self._scenario = ""
        self._lock = threading.Lock()
        self._messages = MessagesServer(lambda request: reply(self._scenario, request))
        self._chat = ChatServer(lambda request: reply(self._scenario, request))
        self._front = LocalServer(self._answer)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self._front.url

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._front.close()
        self._messages.close()
        self._chat.close()

    def _answer(self, call: HttpCall) -> HttpAnswer:
        if call.path.startswith("/scenario/"):
            return self._turn_to(call.path.removeprefix("/scenario/"))
        if call.path.startswith("/otlp/"):
            return self._exported(call)
        if call.path.startswith(_MESSAGES):
            return self._model_call(call, self._messages.url)
        if call.path in _CHAT:
            return self._model_call(call, self._chat.url)
        return HttpAnswer(404, {"content-type": "application/json"}, [b"{}"])

    def _turn_to(self, scenario: str) -> HttpAnswer:
        if scenario != "end":
            self._scenario = scenario
            self.recordings[scenario] = Recording()
        return HttpAnswer(204)

    def _recording(self) -> Recording:
        return self.recordings.setdefault(self._scenario or "none", Recording())

    def _exported(self, call: HttpCall) -> HttpAnswer:
        coded = call.headers.get("content-encoding", "")
        body = gzip.decompress(call.body) if coded == "gzip" else call.body
        body = zlib.decompress(body) if coded == "deflate" else body
        if "json" in call.headers.get("content-type", ""):
            return HttpAnswer(415, {}, [b"only protobuf is recorded"])
        with self._lock:
            if call.path.endswith("/traces"):
                self._recording().traces.append(body)
            elif call.path.endswith("/logs"):
                self._recording().logs.append(body)
        return HttpAnswer(200, {"content-type": "application/x-protobuf"}, [b""])

    def _model_call(self, call: HttpCall, server: str) -> HttpAnswer:
        status, kind, body = _forwarded(call, server)
        text = body.decode()
        streamed = "event-stream" in kind
        note = {
            "path": call.path,
            "request": json.loads(call.body or b"null"),
            "status": status,
            "stream": streamed,
            "response": text if streamed else json.loads(text),
        }
        if call.path in (_MESSAGES, *_CHAT):
            with self._lock:
                self._recording().wire.append(note)
        if not streamed:
            return HttpAnswer(status, {"content-type": kind}, [body])
        events = [event.encode() + b"\n\n" for event in text.split("\n\n") if event]
        return HttpAnswer(status, {"content-type": kind}, events, streamed=True)


def _forwarded(call: HttpCall, server: str) -> tuple[int, str, bytes]:
    connection = HTTPConnection(urlsplit(server).netloc, timeout=30)
    try:
        headers = {name: call.headers[name] for name in _PASSED if name in call.headers}
        connection.request(call.method, call.path, call.body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type") or "", answer.read()
    finally:
        connection.close()
