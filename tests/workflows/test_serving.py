"""The receiver with ingest behind it, in this process."""

from __future__ import annotations

import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, SpoolError, UsageError
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.importing import import_files
from otel_i2e.workflows.ingest import SKIPPED
from otel_i2e.workflows.serving import Listen, serve

ANY = Listen(http_port=0, grpc_port=0)


def _post(url: str, body: bytes, path: str = "/v1/traces") -> int:
    request = urllib.request.Request(url + path, body, {"content-type": "application/x-protobuf"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def _run(settings: Settings, while_ready: Any) -> None:
    stop = threading.Event()

    def ready(receiver: Any) -> None:
        try:
            while_ready(receiver)
        finally:
            stop.set()

    serve(settings, ANY, stop, on_ready=ready)


def test_what_is_sent_becomes_a_row(tmp_path: Path) -> None:
    """Without another process."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest_interval=0.05)
    ids = span_ids(3)

    def send_and_wait(receiver: Any) -> None:
        assert _post(receiver.http_url, traces_request(ids)) == 200
        deadline = time.monotonic() + 20
        while not settings.store_path.exists() or Spool(settings.spool_path).stats().batches:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    _run(settings, send_and_wait)
    with Store.of(settings).read() as reader:
        assert {r["span_id"] for r in reader.rows("SELECT span_id FROM spans")} == {span for _, span in ids}


def test_without_ingest_the_spool_keeps_it(tmp_path: Path) -> None:
    """For another process to move."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest="off")

    def send(receiver: Any) -> None:
        _post(receiver.http_url, traces_request(span_ids(3)))

    _run(settings, send)
    spool = Spool(settings.spool_path)
    assert spool.stats().items == 3
    assert spool.counters() == {("received", "http"): 3}
    spool.close()
    assert not settings.store_path.exists()


def test_other_addresses_need_a_token(tmp_path: Path) -> None:
    """Before anything listens."""
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    with pytest.raises(ConfigError, match="token"):
        serve(settings, Listen(address="0.0.0.0"), threading.Event(), on_ready=lambda _: None)


def test_a_spool_that_cannot_be_opened_is_said_at_start(tmp_path: Path) -> None:
    """Rather than with every request."""
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    settings.spool_path.mkdir()
    with pytest.raises(SpoolError, match=r"s\.duckdb\.spool"):
        serve(settings, ANY, threading.Event(), on_ready=lambda _: None)


def test_a_missing_extra_is_one_line_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install 'otel-i2e[serve]'`."""
    for name in ("otel_i2e.receive.receiver", "otel_i2e.receive.http", "otel_i2e.receive.patience"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UsageError, match=r"'uvicorn'.*pip install 'otel-i2e\[serve\]'"):
        serve(Settings(store=str(tmp_path / "s.duckdb")), ANY, threading.Event(), on_ready=lambda _: None)


def test_the_counters_add_up(tmp_path: Path) -> None:
    """received = stored + duplicate + read + skipped + rejected + waiting; what was refused is apart."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest="off", spool_max_bytes=400_000)
    good, no_id = span_ids(20), ("00" * 16, "11" * 8)
    refused: list[int] = []

    def send(receiver: Any) -> None:
        for ids in (good, good[:5], [no_id, *span_ids(1)], [no_id]):
            _post(receiver.http_url, traces_request(ids))
        _post(receiver.http_url, logs_request(["plain", "another"]), "/v1/logs")
        while not refused:
            try:
                _post(receiver.http_url, traces_request(span_ids(50)))
            except urllib.error.HTTPError as error:
                refused.append(error.code)

    _run(settings, send)
    (tmp_path / "f.pb").write_bytes(traces_request([*good[:3], no_id]))
    assert _sums(settings)[0] == _sums(settings)[1]
    import_files(settings, [str(tmp_path / "f.pb")])
    received, counted = _sums(settings)
    assert received == counted
    assert refused == [503]
    spool = Spool(settings.spool_path)
    found = spool.counters()
    assert spool.stats().items == 0
    spool.close()
    reason = "span: trace id is not 16 bytes, or zero"
    assert {(c, r): n for (c, r), n in found.items() if c in ("rejected", "refused")} == {
        ("rejected", reason): 3,
        ("refused", "spool full"): 1,
    }
    assert (found["duplicate", ""], found["skipped", SKIPPED]) == (8, 2)


def _sums(settings: Settings) -> tuple[int, int]:
    """What was received, and what became of it."""
    spool = Spool(settings.spool_path)
    counters, waiting = spool.counters(), spool.stats().items
    spool.close()
    of = {name: sum(n for (counter, _), n in counters.items() if counter == name) for name, _ in counters}
    became = sum(of.get(name, 0) for name in ("stored", "duplicate", "read", "skipped", "rejected"))
    return of["received"], became + waiting
