"""One span that takes for ever is given up; all others are stored."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.spool import Batch, Spool
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows import item_time, preparing
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.item_time import TooSlow, watched
from otel_i2e.workflows.preparing import TOO_SLOW, prepare
from otel_i2e.workflows.rejects import rejects_folder


def for_ever(*_: Any) -> Any:
    """Never comes back; what is expected to end it is an exception."""
    while True:
        with suppress(Exception):  # as some reader may
            sum(range(1_000))


@pytest.mark.parametrize("step", ["slim_span", "normalize_span"])
def test_a_span_that_takes_for_ever_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    """It is rejected with a reason, said loudly, its request is kept, and its neighbours are stored."""
    monkeypatch.setattr(item_time, "MOST_SECONDS", 0.05)
    ids = span_ids(3)
    real = getattr(preparing, step)

    def slow(raw: Any, *more: Any) -> Any:
        return for_ever() if raw.span_id == ids[1][1] else real(raw, *more)

    monkeypatch.setattr(preparing, step, slow)
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    spool = Spool(settings.spool_path)
    spool.put(traces_request(ids), items=3)
    with caplog.at_level(logging.ERROR, "otel_i2e"):
        report = ingest(settings, spool=spool)
    assert (report.stored, report.rejected) == (2, {f"span: {TOO_SLOW}": 1})
    assert spool.stats().batches == 0
    spool.close()
    assert len(list(rejects_folder(settings).glob("*.pb"))) == 1
    assert ids[1][1] in caplog.text


def test_so_does_a_log_record_and_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose decoding takes for ever, as a whole."""
    monkeypatch.setattr(item_time, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(preparing, "slim_log", for_ever)
    monkeypatch.setattr(preparing, "decode_traces", for_ever)
    prepared = prepare(
        [
            Batch(1, "logs", "protobuf", 1, 0.0, logs_request(["a"])),
            Batch(2, "traces", "protobuf", 4, 0.0, traces_request(span_ids(4))),
        ]
    )
    assert prepared.rejected == {f"log record: {TOO_SLOW}": 1, f"traces: {TOO_SLOW}": 4}
    assert set(prepared.set_aside) == {1, 2}


def test_time_is_of_the_processor_and_of_one_item() -> None:
    """Waiting is no work, and many short items are none that is long."""
    if not hasattr(threading, "get_native_id") or sys.platform != "linux":
        pytest.skip("this system's clock is the time of day")
    with watched(0.2) as watch:
        assert watch.timed(threading.Event().wait, 0.5) is False
        for _ in range(100):
            watch.timed(sum, range(200_000))


def test_the_exception_comes_within_the_item_or_not_at_all() -> None:
    """However close the end of its time is to the end of the item."""
    late = 0
    for most in (n / 20_000 for n in range(1, 60)):
        with watched(most) as watch:
            for _ in range(20):
                try:
                    watch.timed(sum, range(4_000))
                except TooSlow:
                    late += 1
    sum(range(1_000_000))
    assert late < 59 * 20


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals")
def test_in_a_process_of_ours_one_endless_call_is_ended() -> None:
    """Of `re`, which lets no other thread in; and what handled the signal before does so afterwards."""
    program = """
import re, signal
from otel_i2e.workflows.item_time import TooSlow, interrupt_by_signal, watched
interrupt_by_signal()
for _ in range(2):
    with watched(0.2) as watch:
        try:
            watch.timed(re.match, r"(a+)+$", "a" * 40 + "b")
        except TooSlow:
            print("ended", watch.timed(len, "abc"))
print(signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL, signal.getitimer(signal.ITIMER_VIRTUAL))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.splitlines() == ["ended 3", "ended 3", "True (0.0, 0.0)"]
