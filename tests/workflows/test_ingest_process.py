"""Ingest in a process of its own."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from otel_i2e.config import Settings
from otel_i2e.spool import Spool
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows.ingest_process import IngestProcess


def _put(settings: Settings) -> Spool:
    spool = Spool(settings.spool_path)
    spool.put(traces_request(span_ids(2)), items=2)
    return spool


def _running() -> list[psutil.Process]:
    """The ingest processes of this one; other tests may have left children of other kinds."""
    children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in children if any("ingest_process" in word for word in child.cmdline())]


def _wait_until_moved(spool: Spool) -> None:
    deadline = time.monotonic() + 30
    while spool.stats().batches:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_moves_what_waits_and_ends_with_us(tmp_path: Path) -> None:
    """By itself, soon after the end of `with`."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest_interval=0.02)
    spool = _put(settings)
    with IngestProcess(settings):
        _wait_until_moved(spool)
        (child,) = _running()
    assert not child.is_running()
    spool.close()
    assert settings.store_path.exists()


def test_one_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """After a pause, so that one that cannot start does not start without end."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest_interval=0.02)
    spool = _put(settings)
    with IngestProcess(settings) as ingesting:
        (child,) = _running()
        child.kill()
        child.wait(10)
        ingesting.keep()
        assert not _running()
        ingesting._started -= 60
        ingesting.keep()
        _wait_until_moved(spool)
    spool.close()


def test_it_does_not_outlive_us_for_a_backlog(tmp_path: Path) -> None:
    """When its parent is gone it ends within seconds, whatever still waits."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), ingest_interval=0.02)
    spool = Spool(settings.spool_path)
    body = traces_request(span_ids(500), content="x" * 3000)
    for _ in range(80):
        spool.put(body, items=500)
    ingesting = IngestProcess(settings)
    ingesting.keep()
    (child,) = _running()
    deadline = time.monotonic() + 30
    while spool.stats().batches == 80:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process = ingesting._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    process.wait(15)
    assert not child.is_running()
    spool.close()


def test_with_ingest_off_there_is_none(tmp_path: Path) -> None:
    """Another process does it."""
    with IngestProcess(Settings(store=str(tmp_path / "s.duckdb"), ingest="off")) as ingesting:
        ingesting.keep()
        assert not _running()
