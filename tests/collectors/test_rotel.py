"""rotel for real: spans from the SDK into it, through our receiver, into the store."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

rotel = pytest.importorskip("rotel")
ENV = Path(__file__).parents[2] / "collectors" / "rotel" / "rotel.env"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def forwarder(folder: Path, to: str, **more: str) -> Generator[str]:
    """rotel with our file, on other ports; its OTLP/HTTP endpoint."""
    lines = [line for line in ENV.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    http = _free_port()
    variables = {
        **dict(line.split("=", 1) for line in lines),
        "ROTEL_OTLP_GRPC_ENDPOINT": f"127.0.0.1:{_free_port()}",
        "ROTEL_OTLP_HTTP_ENDPOINT": f"127.0.0.1:{http}",
        "ROTEL_OTLP_EXPORTER_ENDPOINT": to,
        "ROTEL_PID_FILE": str(folder / "rotel.pid"),
        "ROTEL_LOG_FILE": str(folder / "rotel.log"),
        **more,
    }
    binary = Path(rotel.__file__).with_name("rotel-agent")
    with (folder / "rotel.out").open("wb") as output:
        running = subprocess.Popen(
            [binary, "start"], env={**os.environ, **variables}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_for_port(http)
            yield f"http://127.0.0.1:{http}"
        finally:
            running.terminate()
            running.wait(20)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("rotel does not listen")


def _post(url: str, body: bytes, signal: str = "traces") -> int:
    request = urllib.request.Request(f"{url}/v1/{signal}", body, {"content-type": "application/x-protobuf"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def _rows(store: Path, goal: int) -> set[str]:
    """The span ids in the store, once there are so many, or after a while."""
    settings = Settings(store=str(store))
    deadline = time.monotonic() + 30
    while True:
        assert drain(settings, 30)
        if store.exists():
            with Store.of(settings).read() as reader:
                found = {row["span_id"] for row in reader.rows("SELECT span_id FROM spans")}
            if len(found) >= goal or time.monotonic() > deadline:
                return found
        assert time.monotonic() < deadline, "nothing arrived"
        time.sleep(0.1)


def test_spans_pass_through_into_the_store(tmp_path: Path) -> None:
    """Every one, with a token on the way."""
    ids = span_ids(300)
    with (
        ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest", token="secret") as receiver,
        forwarder(
            tmp_path, receiver.http, ROTEL_OTLP_EXPORTER_CUSTOM_HEADERS="authorization=Bearer secret"
        ) as endpoint,
    ):
        for start in range(0, len(ids), 50):
            assert _post(endpoint, traces_request(ids[start : start + 50])) == 200
        found = _rows(tmp_path / "s.duckdb", len(ids))
    assert found == {span for _, span in ids}


def test_a_receiver_that_is_away_for_a_moment_loses_nothing(tmp_path: Path) -> None:
    """rotel sends again until it is back, on the same port."""
    ids = span_ids(200)
    with ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest") as receiver:
        port = str(urlsplit(receiver.http).port)
        with forwarder(tmp_path, receiver.http) as endpoint:
            assert _post(endpoint, traces_request(ids[:100])) == 200
            _rows(tmp_path / "s.duckdb", 100)
            receiver.kill()
            assert _post(endpoint, traces_request(ids[100:])) == 200
            receiver._options = ("--no-ingest", "--http-port", port)
            receiver.start()
            found = _rows(tmp_path / "s.duckdb", len(ids))
    assert found == {span for _, span in ids}


def _content(trace: str, span: str) -> bytes:
    """What a model was told, in a log record of its span."""
    request = ExportLogsServiceRequest()
    record = (
        request.resource_logs.add()
        .scope_logs.add()
        .log_records.add(
            time_unix_nano=1_790_000_000_000_000_000,
            trace_id=bytes.fromhex(trace),
            span_id=bytes.fromhex(span),
            event_name="gen_ai.user.message",
        )
    )
    held = record.body.kvlist_value.values.add(key="content")
    held.value.string_value = f"asked by {span}"
    return request.SerializeToString()


def test_spans_and_logs_survive_a_receiver_that_is_killed_three_times(tmp_path: Path) -> None:
    """SIGKILL while both signals flow: every span once, with what its log record says.

    What is under way at that moment rotel does not send again (its README): so each kill comes when it has handed on.
    """
    ids = span_ids(240)
    with ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest") as receiver:
        receiver._options = ("--no-ingest", "--http-port", str(urlsplit(receiver.http).port))
        with forwarder(tmp_path, receiver.http) as endpoint:
            for start in range(0, len(ids), 80):
                for number, (trace, span) in enumerate(ids[start : start + 80]):
                    if number == 20:
                        _wait_for_items(receiver, 2 * (start + number))
                        receiver.kill()
                    elif number == 60:
                        receiver.start()
                    assert _post(endpoint, _content(trace, span), "logs") == 200
                    assert _post(endpoint, traces_request([(trace, span)])) == 200
                _wait_for_items(receiver, 2 * (start + 80))
            asked = _asked(tmp_path / "s.duckdb", len(ids))
    assert sorted(asked) == sorted((span, f"asked by {span}") for _, span in ids)
    print("rotel: 240 spans and 240 log records, the receiver killed 3 times: 0 lost, 0 twice, all joined")


def _wait_for_items(receiver: ReceiverProcess, goal: int) -> None:
    deadline = time.monotonic() + 60
    while receiver.waiting() < goal:
        assert time.monotonic() < deadline, f"{receiver.waiting()} of {goal} spans and log records arrived"
        time.sleep(0.05)


def _asked(store: Path, goal: int) -> list[tuple[str, str]]:
    """Span id and the text of its first message, of every row, once all have one, or after a while."""
    text = "json_extract_string(input_messages, '$[0].parts[0].content')"
    deadline = time.monotonic() + 30
    while True:
        assert drain(Settings(store=str(store)), 30)
        with Store.of(Settings(store=str(store))).read() as reader:
            rows = [(row["span_id"], row["text"]) for row in reader.rows(f"SELECT span_id, {text} AS text FROM spans")]
        if sum(text is not None for _, text in rows) >= goal or time.monotonic() > deadline:
            return rows
        time.sleep(0.1)
