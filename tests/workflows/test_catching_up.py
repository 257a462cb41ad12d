"""What was just recorded is seen at once, and what cannot be is said."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.workflows import catching_up
from otel_i2e.workflows.catching_up import catch_up


def _settings(tmp_path: Path) -> Settings:
    return Settings(store=str(tmp_path / "s.duckdb"), lock_timeout=0.1)


def _export() -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = b"t" * 16, b"s" * 8, "one"
    span.start_time_unix_nano = span.end_time_unix_nano = 1_790_000_000_000_000_000
    return request.SerializeToString()


def test_what_waits_is_stored(tmp_path: Path) -> None:
    """One span in the spool is one span in the store, and the spool is empty."""
    settings = _settings(tmp_path)
    Spool(settings.spool_path).put(_export())
    assert catch_up(settings) is None
    with Store.of(settings).read() as reader:
        assert [span.name for span in reader.spans()] == ["one"]
    assert Spool(settings.spool_path).stats().batches == 0


def test_nothing_waits(tmp_path: Path) -> None:
    """Without a spool, or with an empty one, nothing is made and nothing is said."""
    settings = _settings(tmp_path)
    assert catch_up(settings) is None
    assert list(tmp_path.iterdir()) == []
    Spool(settings.spool_path).close()
    assert catch_up(settings) is None


def test_a_spool_that_may_not_be_written_keeps_nobody_from_reading(tmp_path: Path) -> None:
    """As on a read-only disk, or in somebody else's folder: it is said, and the rows are there."""
    settings = _settings(tmp_path)
    Spool(settings.spool_path).put(_export())
    (tmp_path / "s.duckdb.spool.claim").mkdir()  # no file that can be opened for writing
    assert "what waits in the spool could not be read" in (catch_up(settings) or "")


def test_a_large_backlog_is_left_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader does not wait for minutes: it is told."""
    settings = _settings(tmp_path)
    Spool(settings.spool_path).put(_export(), items=1)
    monkeypatch.setattr(catching_up, "_MOST_BYTES", 10)
    assert "1 spans and log records still wait in the spool" in (catch_up(settings) or "")
    assert not settings.store_path.exists()


def test_a_busy_store_keeps_nobody_from_reading(tmp_path: Path) -> None:
    """What could not be moved waits on, and one line says why."""
    settings = _settings(tmp_path)
    Spool(settings.spool_path).put(_export())
    with Store.of(settings).write():
        assert "stayed in use for 0.1 s" in (catch_up(settings) or "")
    assert Spool(settings.spool_path).stats().batches == 1


def test_another_process_that_moves_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads while the application moves its first spans sees them."""
    settings = _settings(tmp_path)
    spool = Spool(settings.spool_path)
    spool.put(_export())
    claimed, asked = threading.Event(), threading.Event()

    def other() -> None:
        with Spool(settings.spool_path).claim():
            claimed.set()
            assert asked.wait(60)

    def sleep(seconds: float) -> None:
        asked.set()
        threading.Event().wait(seconds)

    monkeypatch.setattr(catching_up, "_PATIENCE", 60.0)
    monkeypatch.setattr(time, "sleep", sleep)
    thread = threading.Thread(target=other)
    thread.start()
    assert claimed.wait(60)
    assert catch_up(settings) is None
    thread.join()
    with Store.of(settings).read() as reader:
        assert len(reader.spans()) == 1


def test_waiting_for_another_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What still waits then is said."""
    settings = _settings(tmp_path)
    spool = Spool(settings.spool_path)
    spool.put(_export(), items=3)
    monkeypatch.setattr(catching_up, "_PATIENCE", 0.1)
    with Spool(settings.spool_path).claim():
        assert "3 spans and log records still wait in the spool" in (catch_up(settings) or "")
