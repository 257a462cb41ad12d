"""The queue between the application and the spool: what it keeps, what it counts, how long it waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.errors import SpoolError
from otel_i2e.losses import kept_losses
from otel_i2e.spool import Spool


class Stuck(Spool):
    """A spool that takes nothing until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.entered, self.go = threading.Event(), threading.Event()

    def put(self, body: bytes, **given: Any) -> None:
        """Wait, then put."""
        self.entered.set()
        assert self.go.wait(30)
        super().put(body, **given)


@pytest.fixture
def stuck(recorder: Recorder) -> Iterator[Stuck]:
    """The recorder's spool, stuck."""
    spool = Stuck(recorder.spool_path)
    recorder._spool = spool
    yield spool
    spool.go.set()


def _record(provider: TracerProvider, n: int, name: str = "call") -> None:
    tracer = provider.get_tracer("test")
    for i in range(n):
        tracer.start_span(f"{name} {i}").end()


def test_everything_arrives_once_and_in_order(provider: TracerProvider, recorded: Callable[..., list[Any]]) -> None:
    """More than one batch's worth, in the order in which the spans ended."""
    _record(provider, 1500)
    assert [span.name for span in recorded()] == [f"call {i}" for i in range(1500)]


def test_spans_arrive_by_themselves(recorder: Recorder, provider: TracerProvider, in_spool: Callable[..., Any]) -> None:
    """Nobody flushes: the thread writes within the interval, the first time and every other."""
    for there in (3, 6, 9):
        _record(provider, 3)
        deadline = time.monotonic() + 30
        while len(in_spool(recorder.spool_path, "traces")) < there:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_first_span_after_a_quiet_time_is_written_at_once(settings: Settings) -> None:
    """Those that follow wait for the interval, so a steady load is written in batches."""
    stored = threading.Event()
    recorder = Recorder(replace(settings, flush_interval=1000), on_stored=stored.set)
    provider = _provided(recorder)
    _record(provider, 1)
    assert stored.wait(30)
    stored.clear()
    _record(provider, 1)
    assert not stored.wait(0.1)
    assert recorder.close(30)
    assert stored.is_set()


def test_the_first_item_is_told_once(settings: Settings) -> None:
    """In the thread that records it, before anything is queued for long."""
    told: list[int] = []
    recorder = Recorder(settings, on_first=lambda: told.append(threading.get_ident()))
    _record(_provided(recorder), 3)
    assert recorder.close(30)
    assert told == [threading.get_ident()]


def test_an_idle_recorder_has_no_thread_and_no_file(recorder: Recorder) -> None:
    """A process that records nothing pays nothing."""
    assert recorder.flush(0)
    assert recorder._thread is None
    assert not recorder.spool_path.exists()


def test_several_threads_record_at_once(provider: TracerProvider, recorded: Callable[..., list[Any]]) -> None:
    """Nothing is lost between them."""
    threads = [threading.Thread(target=_record, args=(provider, 300, f"t{i}")) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({span.span_id for span in recorded()}) == 1800


def test_a_full_queue_drops_the_newest_counted_and_said_once(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest stay; the counter reaches the spool; the log has one line."""
    recorder = Recorder(Settings(store=settings.store, queue_spans=10, flush_interval=0.01))
    spool = recorder._spool = Stuck(recorder.spool_path)
    provider = _provided(recorder)
    _record(provider, 1)
    assert spool.entered.wait(10)
    _record(provider, 25)
    spool.go.set()
    assert recorder.close(30)
    assert Spool(recorder.spool_path).counters() == {("dropped", "queue full"): 15}
    assert [line for line in caplog.messages if "queue full" in line].__len__() == 1


def _provided(recorder: Recorder) -> TracerProvider:
    from otel_i2e.capture.processor import I2ESpanProcessor

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    return provider


def test_a_full_spool_is_counted_and_recording_goes_on(
    settings: Settings, caplog: pytest.LogCaptureFixture, in_spool: Callable[..., list[Any]]
) -> None:
    """What does not fit is dropped with its reason, and what follows fits again once there is room."""
    recorder = Recorder(Settings(store=settings.store, spool_max_bytes=30_000, flush_interval=0.01))
    provider = _provided(recorder)
    provider.get_tracer("test").start_span("big", attributes={"text": "x" * 100_000}).end()
    assert recorder.flush(30)
    assert recorder._spool is not None
    assert recorder._spool.counters() == {("dropped", "spool full"): 1}
    assert "spool full" in caplog.text
    recorder._spool._max_bytes = 10**9
    _record(provider, 1)
    assert recorder.close(30)
    assert [span.name for span in in_spool(recorder.spool_path, "traces")] == ["call 0"]


def test_a_spool_that_cannot_be_written_costs_spans_not_the_application(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, in_spool: Callable[..., list[Any]]
) -> None:
    """What the system says is logged once with a remedy, and noted; once it passes, recording goes on and the count
    lands in the spool."""
    (tmp_path / "blocked").write_text("in the way")
    recorder = Recorder(Settings(store=str(tmp_path / "blocked" / "i2e.duckdb"), flush_interval=0.01))
    provider = _provided(recorder)
    _record(provider, 4)
    assert recorder.flush(30)
    lost = {("dropped", "disk error: File exists"): 4}
    assert recorder.counts == lost
    (said,) = [line for line in caplog.messages if "disk error" in line]
    assert "disk error: File exists; something else is in the way there: remove it" in said
    assert kept_losses(recorder.spool_path) == lost
    (tmp_path / "blocked").unlink()
    _record(provider, 2)
    assert recorder.close(30)
    assert recorder.counts == {}
    assert Spool(recorder.spool_path).counters() == lost
    assert kept_losses(recorder.spool_path) == {}, "the spool has them now"
    assert len(in_spool(recorder.spool_path, "traces")) == 2


def test_an_error_that_passes_costs_nothing(recorder: Recorder, provider: TracerProvider, recorded: Any) -> None:
    """The batch is put once more: a spool opens its file anew after an error."""

    class Shaky(Spool):
        failures = 1

        def put(self, body: bytes, **given: Any) -> None:
            """Fail once."""
            if self.failures:
                self.failures -= 1
                raise SpoolError("for once")
            super().put(body, **given)

    recorder._spool = Shaky(recorder.spool_path)
    _record(provider, 2)
    assert len(recorded()) == 2
    assert recorder.counts == {}


def test_a_file_that_is_no_spool_is_left_for_a_new_one(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Garbage where the spool should be is reported, and costs nothing."""
    settings.spool_path.write_bytes(b"this is not a database" * 500)
    recorder = Recorder(settings)
    _record(_provided(recorder), 1)
    assert recorder.close(30)
    assert recorder.counts == {}
    assert Spool(settings.spool_path).stats().items == 1
    assert "is damaged (file is not a database)" in caplog.text


def test_flush_honours_its_timeout(recorder: Recorder, provider: TracerProvider, stuck: Stuck) -> None:
    """False when the spool does not take it in time, True when it did."""
    _record(provider, 1)
    begun = time.monotonic()
    assert recorder.flush(0.05) is False
    assert time.monotonic() - begun < 5
    stuck.go.set()
    assert recorder.flush(30) is True


def test_all_waits_for_an_exit_share_one_budget(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Providers and atexit settle one after the other; together they take `exit_timeout`, and what is lost is said."""
    recorder = Recorder(Settings(store=settings.store, exit_timeout=0.2, flush_interval=0.01))
    spool = recorder._spool = Stuck(recorder.spool_path)
    provider = _provided(recorder)
    _record(provider, 1)
    assert spool.entered.wait(10)
    _record(provider, 2)
    begun = time.monotonic()
    assert [recorder.settle() for _ in range(5)] == [False] * 5
    assert time.monotonic() - begun < 5
    assert recorder.exit_budget == 0
    assert "not flushed at exit" in caplog.text
    assert kept_losses(recorder.spool_path) == {("dropped", "not flushed at exit"): 3}
    spool.go.set()
    recorder.close(30)
    assert kept_losses(recorder.spool_path) == {}


def test_a_span_that_comes_two_ways_is_first_once(recorder: Recorder) -> None:
    """Before anything is shared every span is first; then the second of two is not."""
    assert recorder.is_first(1)
    assert recorder.is_first(1)
    recorder.share()
    assert [recorder.is_first(1), recorder.is_first(1), recorder.is_first(2)] == [True, False, True]


def test_spans_that_come_one_way_only_are_forgotten(recorder: Recorder) -> None:
    """The memory of them is bounded."""
    recorder.share()
    for span_id in range(50_000):
        assert recorder.is_first(span_id)
    assert recorder.claims is not None
    assert len(recorder.claims) < 25_000


def test_a_defect_in_recording_is_logged_and_survived(
    recorder: Recorder, provider: TracerProvider, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread lives on."""
    monkeypatch.setattr(recorder, "_report", lambda: 1 / 0)
    _record(provider, 1)
    assert recorder.flush(30)
    assert "defect" in caplog.text
    monkeypatch.undo()
    _record(provider, 1)
    assert recorder.flush(30)
    assert logging.getLogger("otel_i2e").isEnabledFor(logging.WARNING)


def test_values_that_became_text_are_counted(recorder: Recorder, provider: TracerProvider) -> None:
    """`replaced` stands in the spool's counters."""
    provider.get_tracer("test").start_span("odd", attributes={"big": 2**80}).end()
    assert recorder.close(30)
    assert Spool(recorder.spool_path).counters() == {("replaced", "value of an unknown type"): 1}


def test_what_was_stored_is_told(settings: Settings) -> None:
    """The callback runs after a batch reached the spool, and not before."""
    stored = threading.Event()
    recorder = Recorder(settings, on_stored=stored.set)
    assert not stored.is_set()
    _record(_provided(recorder), 1)
    assert stored.wait(30)
    recorder.close()
