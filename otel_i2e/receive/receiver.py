"""A running receiver: both servers over one intake.

with Receiver(spool, read_json, guard=make_guard("127.0.0.1", "", frozenset())) as receiver:
    print(receiver.http_port, receiver.grpc_port)
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Final

import uvicorn

from otel_i2e.errors import ConfigError
from otel_i2e.receive.examine import JsonReader
from otel_i2e.receive.grpc import grpc_server
from otel_i2e.receive.guard import Guard
from otel_i2e.receive.http import HttpApp
from otel_i2e.receive.intake import Intake, Redact
from otel_i2e.receive.listening import in_url, listening
from otel_i2e.receive.metrics import LAST_EXPORT, exporting_provider
from otel_i2e.receive.patience import PatientProtocol
from otel_i2e.receive.tally import Tally, observe_spool
from otel_i2e.spool import Spool

__all__ = ["STOP_SECONDS", "Receiver"]

STOP_SECONDS: Final = 3.0
"""Seconds that requests under way are given to finish when the receiver stops."""
_BACKLOG: Final = 2048


class Receiver:
    """Listens on `address`; port 0 is any free one. Raises ConfigError when a port cannot be had.

    `spool` stays the caller's to close. A request that was answered is in it, whatever happens next.
    """

    def __init__(
        self,
        spool: Spool,
        read_json: JsonReader,
        *,
        guard: Guard,
        address: str = "127.0.0.1",
        http_port: int = 4318,
        grpc_port: int = 4317,
        redact: Redact | None = None,
    ) -> None:
        self.address = address
        self._tally = Tally(spool)
        self.intake = Intake(spool, self._tally, read_json, redact=redact)
        self._socket = listening(address, http_port, "http")
        try:
            self._grpc, self.grpc_port = grpc_server(self.intake, guard, address, grpc_port)
        except ConfigError:
            self._socket.close()
            raise
        self.http_port: int = self._socket.getsockname()[1]
        self.app = HttpApp(self.intake, guard)
        self._http = uvicorn.Server(_config(self.app))
        self._thread = threading.Thread(target=self._run, name="otel-i2e-http", daemon=True)
        self._metrics = exporting_provider()
        observe_spool(spool, self._metrics)

    @property
    def http_url(self) -> str:
        """What `OTEL_EXPORTER_OTLP_ENDPOINT` takes for OTLP/HTTP."""
        return f"http://{in_url(self.address)}:{self.http_port}"

    @property
    def grpc_url(self) -> str:
        """What `OTEL_EXPORTER_OTLP_ENDPOINT` takes for OTLP/gRPC."""
        return f"http://{in_url(self.address)}:{self.grpc_port}"

    def start(self) -> None:
        """Take requests; returns when both servers do."""
        self._tally.start()
        self._thread.start()
        self._grpc.start()
        while not self._http.started and self._thread.is_alive():
            time.sleep(0.005)

    def alive(self) -> bool:
        """Whether the HTTP server still runs; it ends by itself only when something is broken."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more requests, finish those under way within `STOP_SECONDS`, write the counters."""
        finished = self._grpc.stop(STOP_SECONDS)
        self._http.should_exit = True
        self._thread.join(STOP_SECONDS + 2.0)
        finished.wait(STOP_SECONDS)
        self._socket.close()
        self._tally.stop()
        if self._metrics is not None:
            self._metrics.shutdown(LAST_EXPORT)

    def __enter__(self) -> Receiver:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._http.serve(sockets=[self._socket]))


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )
