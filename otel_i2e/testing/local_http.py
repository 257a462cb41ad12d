"""A local HTTP/1.1 server for one function: request in, answer out. Streams, delays and drops on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

__all__ = ["HttpAnswer", "HttpCall", "LocalServer"]

_STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A request as it arrived."""

    method: str
    path: str
    """Without the query string."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it leaves."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    chunks: Iterable[bytes] = ()
    streamed: bool = False
    """Chunked transfer, one chunk at a time; otherwise one body with its length."""
    dropped: bool = False
    """The connection is closed without an end, after the chunks (streamed) or half of the body."""
    delay: float = 0.0
    """Seconds before the first byte."""
    pace: float = 0.0
    """Seconds between two chunks."""


class LocalServer:
    """Serves `answer` on a free port of 127.0.0.1 while the context is open; every call in a thread of its own.

    Leaving the context closes open connections and ends within five seconds, slow answers included.
    """

    def __init__(self, answer: Callable[[HttpCall], HttpAnswer]) -> None:
        self._server = _Server(("127.0.0.1", 0), answer)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, no slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving; a second call does nothing."""
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_STOP_SECONDS)
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_workers = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Callable[[HttpCall], HttpAnswer]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._lock:
            self._open.add(request)
            self._workers = [known for known in self._workers if known.is_alive()] + [thread]
            thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event."""

    def hang_up(self) -> None:
        with self._lock:
            waiting, threads = list(self._open), list(self._workers)
        for connection in waiting:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_STOP_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] -- only _Server makes it

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = HttpCall(self.command, self.path.partition("?")[0], headers, self._body(headers))
        answer = self.server.answer(call)
        if answer.delay and self.server.stopping.wait(answer.delay):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.streamed:
            self._stream(answer)
        else:
            self._whole(answer)
        if answer.dropped:
            self.close_connection = True

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 -- the names that http.server calls

    def _whole(self, answer: HttpAnswer) -> None:
        body = b"".join(answer.chunks)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.dropped else body)

    def _stream(self, answer: HttpAnswer) -> None:
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in answer.chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if answer.pace and self.server.stopping.wait(answer.pace):
                self.close_connection = True
                return
        if not answer.dropped:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""
