"""`i2e serve` as a process of its own, on free ports, to send to, to watch and to kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from otel_i2e.spool import Spool

__all__ = ["ReceiverProcess"]


class ReceiverProcess:
    """A context manager; inside, `http` and `grpc` are its addresses. `stop` is SIGTERM, `kill` is SIGKILL."""

    def __init__(self, store: Path, *options: str, token: str = "") -> None:
        self.store = store
        self._options = options
        self._token = token
        self.process: subprocess.Popen[str]
        self.http = ""
        self.grpc = ""

    def __enter__(self) -> ReceiverProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, or start it again on other ports; returns when it listens. Raises RuntimeError when it does not."""
        run = "import sys; from otel_i2e.cli.main import main; main(sys.argv[1:])"
        ports = ("--http-port", "0", "--grpc-port", "0")
        self.process = subprocess.Popen(  # noqa: S603 -- our own command, in this interpreter
            [sys.executable, "-c", run, "serve", "--json", "--store", str(self.store), *ports, *self._options],
            stdout=subprocess.PIPE,
            env={**os.environ, "I2E_TOKEN": self._token},
            text=True,
        )
        line = self._out.readline()
        if not line:
            raise RuntimeError(f"i2e serve ended with code {self.process.wait()}")
        urls = json.loads(line)
        self.http, self.grpc = urls["http"], urls["grpc"]

    def stop(self, timeout: float = 20.0) -> int:
        """Ask it to end, wait, and give its exit code; kill it after `timeout` seconds."""
        self.process.terminate()
        return self._wait(timeout)

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more."""
        self.process.kill()
        self._wait(20.0)

    def waiting(self) -> int:
        """Spans and log records in its spool."""
        spool = self._spool()
        try:
            return spool.stats().items
        finally:
            spool.close()

    def counters(self) -> dict[tuple[str, str], int]:
        """The durable counters; its own are up to a second late."""
        spool = self._spool()
        try:
            return spool.counters()
        finally:
            spool.close()

    def _wait(self, timeout: float) -> int:
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._out.close()

    def _spool(self) -> Spool:
        return Spool(self.store.with_name(self.store.name + ".spool"))

    @property
    def _out(self) -> IO[str]:
        return cast("IO[str]", self.process.stdout)
