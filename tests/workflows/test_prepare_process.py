"""A portion ahead is prepared in a process of its own, and nothing depends on its life."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from otel_i2e.config import Settings
from otel_i2e.spool import Batch, Spool
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows import ingest as module
from otel_i2e.workflows import prepare_process
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.prepare_process import PrepareProcess
from otel_i2e.workflows.preparing import prepared_here

_REQUESTS = 14
_SPANS = 5


@pytest.fixture
def preparer() -> Iterator[PrepareProcess]:
    """Closed after use, and its process gone."""
    preparer = PrepareProcess()
    yield preparer
    preparer.close()
    _until(lambda: not _workers(psutil.Process()))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A spool with requests that are a portion each."""
    monkeypatch.setattr(module, "_PORTION_BYTES", 1)
    monkeypatch.setattr(module, "_LEASE_BYTES", 6_000)
    settings = Settings(store=str(tmp_path / "i2e.duckdb"))
    spool = Spool(settings.spool_path)
    for _ in range(_REQUESTS):
        spool.put(traces_request(span_ids(_SPANS)), items=_SPANS)
    spool.close()
    return settings


def test_rows_are_the_same_as_without_it(preparer: PrepareProcess) -> None:
    """Portion by portion, in order."""
    portions = [
        [
            Batch(n, "traces", "protobuf", 2, 0.0, traces_request(span_ids(2))),
            Batch(n + 1, "logs", "json", 1, 0.0, b"{"),
        ]
        for n in range(1, 9, 2)
    ]
    beside, here = list(preparer(portions, None)), list(prepared_here(portions, None))
    assert [batches for batches, _ in beside] == portions
    assert [prepared.rows for _, prepared in beside] == [prepared.rows for _, prepared in here]
    assert [prepared.set_aside for _, prepared in beside] == [prepared.set_aside for _, prepared in here]
    assert len(_workers(psutil.Process())) == 1


def test_one_portion_starts_no_process(preparer: PrepareProcess) -> None:
    """A quiet receiver has none."""
    portion = [Batch(1, "traces", "protobuf", 2, 0.0, traces_request(span_ids(2)))]
    ((_, prepared),) = preparer([portion], None)
    assert len(prepared.rows) == 2
    assert _workers(psutil.Process()) == []


def test_a_portion_is_prepared_while_the_one_before_is_stored(settings: Settings, preparer: PrepareProcess) -> None:
    """Everything is stored once; the process is there afterwards, and ends when it is not needed."""
    report = ingest(settings, preparing=preparer)
    assert (report.received, report.stored) == (_REQUESTS * _SPANS, _REQUESTS * _SPANS)
    (worker,) = _workers(psutil.Process())
    preparer.rest()
    assert worker.is_running(), "it was needed a moment ago"
    preparer.close()
    _until(lambda: not worker.is_running())


def test_a_process_that_is_not_needed_is_ended(
    settings: Settings, preparer: PrepareProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while without a portion ahead."""
    ingest(settings, preparing=preparer)
    (worker,) = _workers(psutil.Process())
    monkeypatch.setattr(prepare_process, "_IDLE_SECONDS", 0.0)
    preparer.rest()
    _until(lambda: not worker.is_running())


def test_a_killed_process_loses_nothing(settings: Settings, preparer: PrepareProcess) -> None:
    """Killed in the middle, twice: every span is stored once."""
    spool = Spool(settings.spool_path)
    killed: list[int] = []

    def killing(portions: Iterator[list[Batch]], limit: int | None):
        for number, given in enumerate(preparer(portions, limit)):
            if number in (0, 8):
                for worker in _workers(psutil.Process()):
                    worker.kill()
                    killed.append(worker.pid)
            yield given

    report = ingest(settings, spool=spool, preparing=killing)  # pyright: ignore[reportArgumentType] -- a generator
    assert report.stored == _REQUESTS * _SPANS
    assert len(killed) == 2
    assert spool.stats().batches == 0
    spool.close()
    with Store.of(settings).read() as reader:
        assert reader.rows("SELECT count(*) AS n FROM spans") == [{"n": _REQUESTS * _SPANS}]


_ALONE = """
import sys, time
from otel_i2e.spool import Batch
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows.prepare_process import PrepareProcess
portion = [Batch(1, "traces", "protobuf", 2, 0.0, traces_request(span_ids(2)))]
for _ in PrepareProcess()([portion, portion], None):
    pass
print("ready", flush=True)
time.sleep(60)
"""


def test_it_ends_with_its_parent() -> None:
    """Also when that is killed: no process is left over."""
    parent = subprocess.Popen([sys.executable, "-c", _ALONE], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    workers = _workers(psutil.Process(parent.pid))
    assert len(workers) == 1
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _until(lambda: not workers[0].is_running() or workers[0].status() == psutil.STATUS_ZOMBIE)


def _workers(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if "spawn_main" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it has just ended
        return ""


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
