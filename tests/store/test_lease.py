"""The lease: shared for readers, exclusive for writers, fair, bounded, and free again in a forked child."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from otel_i2e.errors import StoreError, StoreLocked
from otel_i2e.store.lease import _wait_turn, hold, holder, lock_path

pytestmark = pytest.mark.usefixtures("schema_made_anew")


def _is_refused(store: Path, *, exclusive: bool) -> bool:
    try:
        with hold(store, exclusive=exclusive, timeout=0.05):
            return False
    except StoreLocked:
        return True


def test_readers_share_and_a_writer_is_alone(tmp_path: Path) -> None:
    """Two readers are in at once; a writer is not let in beside them, nor a reader beside a writer."""
    store = tmp_path / "s.duckdb"
    with hold(store, exclusive=False, timeout=1), hold(store, exclusive=False, timeout=1):
        assert _is_refused(store, exclusive=True)
    with hold(store, exclusive=True, timeout=1):
        assert _is_refused(store, exclusive=False)
        assert _is_refused(store, exclusive=True)
    with hold(store, exclusive=True, timeout=1):
        pass


def test_threads_wait_for_one_another(tmp_path: Path) -> None:
    """Within one process too, only one writer is inside at a time."""
    store = tmp_path / "s.duckdb"
    inside: list[int] = []
    most: list[int] = []

    def write() -> None:
        for _ in range(5):
            with hold(store, exclusive=True, timeout=30):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0)
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 20
    assert set(most) == {1}


def test_the_wait_is_bounded_and_names_the_holder(tmp_path: Path) -> None:
    """StoreLocked comes after the wait, with the process id of the holder and the remedy."""
    store = tmp_path / "s.duckdb"
    with hold(store, exclusive=True, timeout=1):
        begun = time.monotonic()
        refused = pytest.raises(StoreLocked, match=rf"process {os.getpid()}; .*I2E_LOCK_TIMEOUT")
        with refused, hold(store, exclusive=False, timeout=0.1):
            pass
        assert 0.1 <= time.monotonic() - begun < 10
        assert holder(store) == os.getpid()
    assert holder(store) is None


def test_nobody_holds_a_store_that_was_never_used(tmp_path: Path) -> None:
    """Asking for the holder makes no file."""
    assert holder(tmp_path / "s.duckdb") is None
    assert list(tmp_path.iterdir()) == []


def test_a_writer_is_not_starved_by_readers(tmp_path: Path) -> None:
    """While readers come without a gap, a writer gets its turn: newcomers queue behind it."""
    store = tmp_path / "s.duckdb"
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with hold(store, exclusive=False, timeout=30):
                time.sleep(0.005)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(5):
            with hold(store, exclusive=True, timeout=20):
                pass
    finally:
        stop.set()
        for reader in readers:
            reader.join(60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_does_not_keep_the_lease(tmp_path: Path) -> None:
    """A child that was born while its parent held the lease does not hold it once the parent lets go."""
    store = tmp_path / "s.duckdb"
    ready, done = multiprocessing.Event(), multiprocessing.Event()
    with hold(store, exclusive=True, timeout=1):
        pid = os.fork()
        if pid == 0:
            ready.set()
            done.wait(30)
            os._exit(0)
        assert ready.wait(10)
    try:
        with hold(store, exclusive=True, timeout=5):
            pass
    finally:
        done.set()
        os.waitpid(pid, 0)


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    """The operating system frees the lease of a process that ends without a word."""
    store = tmp_path / "s.duckdb"
    code = (
        "import sys, time; from pathlib import Path; from otel_i2e.store.lease import hold\n"
        f"with hold(Path({str(store)!r}), exclusive=True, timeout=5): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        assert holder(store) == process.pid
        process.kill()
    with hold(store, exclusive=True, timeout=5):
        pass


def test_a_lock_file_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """The error names the file and asks for the right thing."""
    (tmp_path / "file").write_text("")
    refused = pytest.raises(StoreError, match=r"lock file .*s\.duckdb\.lock")
    with refused, hold(tmp_path / "file" / "s.duckdb", exclusive=True, timeout=1):
        pass


def test_a_directory_that_may_only_be_read_can_be_read(tmp_path: Path) -> None:
    """With a lock file there that may not be written, a lease is had all the same."""
    store = tmp_path / "s.duckdb"
    with hold(store, exclusive=True, timeout=1):
        pass
    lock_path(store).chmod(0o444)
    with hold(store, exclusive=False, timeout=1):
        pass


def test_who_waits_longer_looks_more_often() -> None:
    """From every 20 ms at most to every millisecond."""
    assert 0.01 <= _wait_turn(0) <= 0.02
    assert 0.0005 <= _wait_turn(10) <= 0.001
    assert all(_wait_turn(seconds + 1) < _wait_turn(seconds / 4) for seconds in range(2))
