"""The background thread: started by what was stored, stopped in time, harmless when it breaks."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from otel_i2e.capture.background import Background
from otel_i2e.config import Settings


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module whose `run` notes that it runs, and waits until it is asked to stop."""
    import sys

    module = ModuleType("background_work_of_a_test")
    module.started, module.stopped = threading.Event(), threading.Event()  # pyright: ignore[reportAttributeAccessIssue] -- made here

    def run(settings: Settings, stop: threading.Event) -> None:
        module.started.set()
        assert stop.wait(30)
        module.stopped.set()

    module.run = run  # pyright: ignore[reportAttributeAccessIssue] -- made here
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_it_runs_once_and_stops_when_asked(work: ModuleType, settings: Settings) -> None:
    """A second start changes nothing; stop waits for the end."""
    background = Background(Settings(store=settings.store), f"{work.__name__}:run")
    background.start()
    thread = background._thread
    background.start()
    assert background._thread is thread
    assert work.started.wait(10)
    assert background.stop(10) is True
    assert work.stopped.is_set()


def test_ingest_off_starts_nothing(work: ModuleType, settings: Settings) -> None:
    """Another process ingests."""
    background = Background(Settings(store=settings.store, ingest="off"), f"{work.__name__}:run")
    background.start()
    assert background._thread is None
    assert background.stop(1) is True


def test_stop_waits_no_longer_than_it_may(
    work: ModuleType, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that does not come is left."""
    go = threading.Event()

    def stay(_settings: Settings, _stop: threading.Event) -> None:
        work.started.set()
        go.wait(30)

    monkeypatch.setattr(work, "run", stay)
    background = Background(Settings(store=settings.store), f"{work.__name__}:run")
    background.start()
    assert work.started.wait(10)
    begun = time.monotonic()
    assert background.stop(0.05) is False
    assert time.monotonic() - begun < 5
    go.set()


def test_a_thread_that_breaks_is_said_and_costs_nothing(
    work: ModuleType, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was recorded waits in the spool, and the line names it."""

    def broken(_settings: Settings, _stop: threading.Event) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(work, "run", broken)
    background = Background(Settings(store=settings.store), f"{work.__name__}:run")
    background.start()
    assert background.stop(10)
    assert str(settings.spool_path) in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # 3.12 warns of forking with threads: that is tested
def test_a_forked_child_has_its_own_thread(work: ModuleType, settings: Settings, tmp_path: Path) -> None:
    """The parent's thread does not exist there, so the child may start one."""
    background = Background(Settings(store=settings.store), f"{work.__name__}:run")
    background.start()
    assert work.started.wait(10)
    child = os.fork()
    if not child:
        work.started.clear()
        background.start()
        os._exit(0 if background._thread is not None and work.started.wait(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert background.stop(10)
