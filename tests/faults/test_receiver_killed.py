"""The receiver, the ingester and an application, killed and ended under load: what was acknowledged is there, once."""

from __future__ import annotations

import http.client
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import psutil
import pytest

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

APP = Path(__file__).with_name("killed_app.py")
PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class _Load:
    """Senders over both protocols that note every span that was acknowledged."""

    def __init__(self, receiver: ReceiverProcess) -> None:
        self.acknowledged: set[str] = set()
        self.sent = 0
        self._receiver = receiver
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._senders = ThreadPoolExecutor(4)

    def __enter__(self) -> _Load:
        self._running = [self._senders.submit(self._send, n) for n in range(4)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for running in self._running:
            running.result()
        self._senders.shutdown()

    def until(self, spans: int) -> None:
        """Waits until so many more were acknowledged."""
        goal, deadline = len(self.acknowledged) + spans, time.monotonic() + 30
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, "the receiver takes nothing"
            time.sleep(0.001)

    def _send(self, number: int) -> None:
        deliver = self._by_http if number % 2 else self._by_grpc
        while not self._ended.is_set():
            ids = span_ids(8)
            with self._lock:
                self.sent += len(ids)
            body = traces_request(ids, content="x" * 500)
            while not (taken := deliver(body)) and not self._ended.wait(0.2):
                pass  # it is down: send again, as exporters do
            if taken:
                with self._lock:
                    self.acknowledged |= {span for _, span in ids}

    def _by_http(self, body: bytes) -> bool:
        connection = http.client.HTTPConnection(urlsplit(self._receiver.http).netloc, timeout=10)
        try:
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _by_grpc(self, body: bytes) -> bool:
        with grpc.insecure_channel(urlsplit(self._receiver.grpc).netloc) as channel:
            call: Any = channel.unary_unary(PATH)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- bytes in and out
            try:
                call(body, timeout=10)
            except grpc.RpcError:
                return False
        return True


def _rows(store: Path) -> list[str]:
    settings = Settings(store=str(store))
    assert drain(settings, 120)
    with Store.of(settings).read() as reader:
        return [row["span_id"] for row in reader.rows("SELECT span_id FROM spans")]


@pytest.fixture(autouse=True)
def _ingest_often(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """So that leases are open when it is killed."""
    monkeypatch.setenv("I2E_INGEST_INTERVAL", "0.05")


def test_killed_under_load(tmp_path: Path, full: bool) -> None:
    """At random moments: 0 acknowledged spans missing, 0 stored twice, and it is back within 5 seconds."""
    rounds, luck = (100 if full else 4), random.Random(3)
    restarts: list[float] = []
    receiver = ReceiverProcess(tmp_path / "s.duckdb")
    receiver.start()
    with _Load(receiver) as load:
        for _ in range(rounds):
            load.until(luck.randint(8, 200))
            receiver.kill()
            began = time.monotonic()
            receiver.start()
            restarts.append(time.monotonic() - began)
        load.until(8)
    receiver.stop()
    rows = _rows(tmp_path / "s.duckdb")
    missing, twice = load.acknowledged - set(rows), len(rows) - len(set(rows))
    print(
        f"{rounds} kills of the receiver: {load.sent:,} spans sent, {len(load.acknowledged):,} acknowledged, "
        f"{len(missing)} missing, {twice} stored twice, restart at most {max(restarts):.1f} s"
    )
    assert not missing
    assert not twice
    assert damaged_beside(tmp_path / "s.duckdb") == [], "a kill is no damage"
    assert max(restarts) <= 5.0


def test_the_ingester_killed_under_load(tmp_path: Path, full: bool) -> None:
    """In the middle of leases, too: the receiver goes on taking requests, and starts it again."""
    rounds, luck = (30 if full else 2), random.Random(5)
    restarts: list[float] = []
    with ReceiverProcess(tmp_path / "s.duckdb") as receiver, _Load(receiver) as load:
        for _ in range(rounds):
            ingester = _ingester(receiver)
            load.until(luck.randint(8, 200))
            time.sleep(luck.uniform(0, 0.5))  # the fault comes at a random moment of its life
            ingester.kill()
            ingester.wait(20)
            began = time.monotonic()
            load.until(8)
            _ingester(receiver)
            restarts.append(time.monotonic() - began)
    rows = _rows(tmp_path / "s.duckdb")
    missing, twice = load.acknowledged - set(rows), len(rows) - len(set(rows))
    print(
        f"{rounds} kills of the ingester: {len(load.acknowledged):,} acknowledged, {len(missing)} missing, "
        f"{twice} stored twice, started again after {max(restarts):.1f} s at most"
    )
    assert not missing
    assert not twice
    assert damaged_beside(tmp_path / "s.duckdb") == [], "a kill is no damage"


def _ingester(receiver: ReceiverProcess) -> psutil.Process:
    """The ingest process of the receiver, once there is one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in psutil.Process(receiver.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE:
                    return child
        time.sleep(0.01)
    raise AssertionError("the receiver started no ingester")


def test_an_application_killed_under_load(tmp_path: Path, full: bool) -> None:
    """Recording and ingesting in one process: what it was told is flushed is stored, once."""
    rounds, luck = (70 if full else 4), random.Random(7)
    flushed: set[str] = set()
    starts: list[float] = []
    for _ in range(rounds):
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, str(APP), str(tmp_path / "s.duckdb")], stdout=subprocess.PIPE, text=True
        ) as app:
            assert app.stdout is not None
            flushed |= set(app.stdout.readline().split())
            starts.append(time.monotonic() - began)
            time.sleep(luck.uniform(0, 0.6))  # the fault comes at a random moment of its life
            app.kill()
            *whole, _ = app.stdout.read().split("\n")
        flushed |= {span for line in whole for span in line.split()}
    rows = _rows(tmp_path / "s.duckdb")
    missing, twice = flushed - set(rows), len(rows) - len(set(rows))
    print(
        f"{rounds} kills of an application: {len(flushed):,} spans flushed, {len(missing)} missing, {twice} stored "
        f"twice, its first spans flushed {max(starts):.1f} s after its start at most"
    )
    assert flushed
    assert not missing
    assert not twice
    assert damaged_beside(tmp_path / "s.duckdb") == [], "a kill is no damage"


def test_ended_under_load(tmp_path: Path) -> None:
    """SIGTERM: exit code 0 within seconds, nothing acknowledged missing."""
    receiver = ReceiverProcess(tmp_path / "s.duckdb")
    receiver.start()
    with _Load(receiver) as load:
        load.until(400)
        began = time.monotonic()
        receiver.process.send_signal(signal.SIGTERM)
        code = receiver.process.wait(20)
        took = time.monotonic() - began
    receiver.stop()
    rows = _rows(tmp_path / "s.duckdb")
    print(f"SIGTERM under load: exit code {code} after {took:.2f} s, {len(load.acknowledged)} acknowledged")
    assert code == 0
    assert load.acknowledged <= set(rows)
    assert len(rows) == len(set(rows))
    assert took < 10
