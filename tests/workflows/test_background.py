"""What runs beside the application."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.config import Settings
from otel_i2e.errors import StoreError
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.workflows import ingest as ingest_module
from otel_i2e.workflows.background import run
from otel_i2e.workflows.scoring import OnlineReport

RULE = {"name": "all", "scorers": ["contains"]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store of its own, looked at often."""
    return Settings(store=str(tmp_path / "i2e.duckdb"), ingest_interval=0.02)


@contextmanager
def running(settings: Settings) -> Generator[threading.Thread]:
    """`run` in a thread, stopped at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings, stop))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


class _Turns(threading.Event):
    """Asks to stop after some turns, and remembers how long it was to wait for each."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the turns are over."""
        self.waits.append(timeout)
        return len(self.waits) == self.turns


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def one_span(number: int = 1) -> bytes:
    """A request with one span."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.start_time_unix_nano = b"\1" * 16, number.to_bytes(8), 10**18
    return request.SerializeToString()


def stored(settings: Settings) -> int:
    """Spans in the store."""
    if not settings.store_path.exists():
        return 0
    with Store.of(settings).read() as reader:
        return len(reader.spans())


def test_what_is_recorded_is_stored_while_it_runs(settings: Settings) -> None:
    """Again and again, whoever puts it; it ends soon when it is asked to."""
    spool = Spool(settings.spool_path)
    with running(settings):
        for number in (1, 2, 3):
            spool.put(one_span(number))
            until(lambda number=number: spool.stats().batches == 0 and stored(settings) == number)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert spool.counters() == {("stored", ""): 3}
    spool.close()


def test_an_application_that_records_nothing_gets_no_files(settings: Settings) -> None:
    """No spool, no store, no lock file."""
    run(settings, _Turns(3))
    assert list(Path(settings.store).parent.iterdir()) == []


def test_trouble_is_logged_once_counted_and_survived(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each kind of error is said once; later and later it is tried again, and nothing is lost."""
    real, calls = ingest_module.ingest, [0]

    def flaky(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] < 4:
            raise (StoreError("disk full") if calls[0] < 3 else RuntimeError("a mistake of ours"))
        return real(*given, **named)

    monkeypatch.setattr(ingest_module, "ingest", flaky)
    monkeypatch.setattr("otel_i2e.workflows.background._FIRST_PAUSE", 0.01)
    spool = Spool(settings.spool_path)
    spool.put(one_span())
    with caplog.at_level(logging.WARNING, "otel_i2e"), running(settings):
        until(lambda: stored(settings) == 1)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "otel-i2e: disk full",
        "otel-i2e: RuntimeError('a mistake of ours') is a defect in otel-i2e, please report it",
    ]
    assert spool.counters() == {
        ("background_error", "StoreError"): 2,
        ("background_error", "RuntimeError"): 1,
        ("stored", ""): 1,
    }
    spool.close()


def test_it_waits_longer_each_time_that_something_goes_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One second, two, four, up to half a minute; after a success it is the interval again."""
    outcomes = iter([True, *[False] * 7, True, False])

    def turn(_worker: object, _stop: threading.Event) -> bool:
        return next(outcomes)

    monkeypatch.setattr("otel_i2e.workflows.background._Worker.turn", turn)
    stop = _Turns(11)
    run(settings, stop)
    assert stop.waits == [0.02, 0.02, 1, 2, 4, 8, 16, 30, 30, 0.02, 1]


def test_a_store_in_use_is_met_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else writes for a while: the wait for one try is short, and the next one succeeds."""
    monkeypatch.setattr("otel_i2e.workflows.background._LOCK_WAIT", 0.05)
    monkeypatch.setattr("otel_i2e.workflows.background._FIRST_PAUSE", 0.01)
    spool = Spool(settings.spool_path)
    with Store.of(settings).write():
        spool.put(one_span())
        with running(settings):
            until(lambda: spool.counters().get(("background_error", "StoreLocked"), 0) > 0)
    with running(settings):
        until(lambda: stored(settings) == 1)
    spool.close()


def test_rules_are_applied_after_spans_came(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rules, every move is followed by a pass of scoring; without, scoring is not even loaded."""
    passes: list[Settings] = []

    def score_online(settings: Settings) -> OnlineReport:
        passes.append(settings)
        return OnlineReport()

    scoring = ModuleType("otel_i2e.workflows.scoring")
    scoring.__dict__["score_online"] = score_online
    monkeypatch.setitem(sys.modules, "otel_i2e.workflows.scoring", scoring)
    spool = Spool(settings.spool_path)
    spool.put(one_span(1))
    with running(settings):
        until(lambda: stored(settings) == 1)
    assert passes == []
    spool.put(one_span(2))
    with running(Settings(store=settings.store, ingest_interval=0.02, rules=(RULE,))):
        until(lambda: stored(settings) == 2 and len(passes) > 0)
    assert passes[0].rules == (RULE,)
    spool.close()


def test_only_one_of_two_drains_at_a_time(settings: Settings) -> None:
    """Two workers beside each other: every span once, no error."""
    spool = Spool(settings.spool_path)
    with running(settings), running(settings):
        for number in range(1, 30):
            spool.put(one_span(number))
        until(lambda: spool.stats().batches == 0)
    assert stored(settings) == 29
    assert not any(counter == "duplicate" for counter, _ in spool.counters())
    spool.close()


@pytest.mark.parametrize(("judge", "looks"), [({"check_every_days": 7}, 1), ({}, 0)])
def test_drift_checks_are_looked_for_where_the_settings_ask(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, judge: dict[str, Any], looks: int
) -> None:
    """At once, and then not again within the hour; never without the setting."""
    looked: list[Settings] = []
    monkeypatch.setattr("otel_i2e.workflows.drift.run_due_checks", looked.append)
    monkeypatch.setattr("otel_i2e.workflows.background._SCORE_EVERY", 0.0)
    run(replace(settings, judge=judge), _Turns(4))
    assert len(looked) == looks
