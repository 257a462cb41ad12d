"""What the tests of capture share: a recorder over a spool of its own, and a reader of what was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.spool import Spool


@dataclass
class Item:
    """A recorded span or log record."""

    name: str
    trace_id: str
    span_id: str
    parent_span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    scope: str
    status: str = "unset"
    message: str = ""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    inner = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in inner.values]
    return _attributes(inner.values) if kind == "kvlist_value" else inner


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _spans(body: bytes) -> Iterator[Item]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Item(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    _attributes(span.attributes),
                    _attributes(resource.resource.attributes),
                    scope.scope.name,
                    ("unset", "ok", "error")[span.status.code],
                    span.status.message,
                    [(event.name, _attributes(event.attributes)) for event in span.events],
                )


def _logs(body: bytes) -> Iterator[Item]:
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        for scope in resource.scope_logs:
            for log in scope.log_records:
                yield Item(
                    log.event_name,
                    log.trace_id.hex(),
                    log.span_id.hex(),
                    "",
                    _attributes(log.attributes),
                    _attributes(resource.resource.attributes),
                    scope.scope.name,
                )


def _in_spool(path: Path, signal: str) -> list[Item]:
    """Everything of one signal that waits in the spool at `path`, in order of arrival."""
    spool = Spool(path)
    try:
        with spool.claim(max_bytes=1_000_000_000) as batches:
            read = _spans if signal == "traces" else _logs
            return [item for batch in batches if batch.signal == signal for item in read(batch.body)]
    finally:
        spool.close()


@pytest.fixture
def in_spool() -> Callable[..., list[Item]]:
    """`in_spool(path, "traces" | "logs")`: what waits there."""
    return _in_spool


@pytest.fixture
def spans_in(in_spool: Callable[..., list[Item]]) -> Callable[[bytes], list[Item]]:
    """The spans in the bytes of a request."""
    return lambda body: list(_spans(body))


@pytest.fixture
def logs_in() -> Callable[[bytes], list[Item]]:
    """The log records in the bytes of a request."""
    return lambda body: list(_logs(body))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose store lies in the test's own directory; a write follows quickly."""
    return Settings(store=str(tmp_path / "i2e.duckdb"), flush_interval=0.01, ingest="off")


@pytest.fixture
def recorder(settings: Settings) -> Iterator[Recorder]:
    """A recorder of the test's own."""
    recorder = Recorder(settings)
    yield recorder
    recorder.close()


@pytest.fixture
def provider(recorder: Recorder) -> Iterator[TracerProvider]:
    """A provider, not the global one, that is recorded."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    yield provider
    provider.shutdown()


@pytest.fixture
def recorded(recorder: Recorder) -> Callable[..., list[Item]]:
    """Flush, and give what was recorded: `recorded()` or `recorded("logs")`."""

    def read(signal: str = "traces") -> list[Item]:
        assert recorder.flush(30)
        return _in_spool(recorder.spool_path, signal)

    return read


class Scripts:
    """Runs Python in a process of its own, with the store in the test's directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool_path = folder / "i2e.duckdb.spool"

    def start(self, code: str, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Begin to run `code`; `command` stands in front of the file's name, the interpreter by default."""
        path = self.folder / f"script{len(list(self.folder.glob('script*.py')))}.py"
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        given = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "I2E_STORE": str(self.folder / "i2e.duckdb"),
            "I2E_INGEST": "off",
            **environment,
        }
        return subprocess.Popen(
            [*(command or (sys.executable,)), str(path)],
            cwd=self.folder,
            env=given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `code` to its end."""
        process = self.start(code, *command, **environment)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def spans(self) -> list[Item]:
        """What the scripts recorded."""
        return _in_spool(self.spool_path, "traces")

    def logs(self) -> list[Item]:
        """The log records they recorded."""
        return _in_spool(self.spool_path, "logs")

    def counters(self) -> dict[tuple[str, str], int]:
        """The spool's counters."""
        spool = Spool(self.spool_path)
        try:
            return spool.counters()
        finally:
            spool.close()


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    """A runner of scripts."""
    return Scripts(tmp_path)
