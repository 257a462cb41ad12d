"""The store as a whole: nothing is there, somebody else has it, many want it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, StoreError, StoreLocked
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of

pytestmark = pytest.mark.usefixtures("schema_made_anew")


def _add(store: Store, spans: int = 1) -> None:
    with store.write() as writer:
        writer.add_spans([row_of(llm_span()) for _ in range(spans)])


def _spans(store: Store) -> int:
    with store.read() as reader:
        return reader.rows("SELECT count(*) AS n FROM spans")[0]["n"]


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    """Reading says so, with what to do; and makes no file."""
    store = Store(tmp_path / "s.duckdb")
    assert not store.exists()
    with pytest.raises(StoreError, match=r"nothing is stored yet: .*import otel_i2e\.auto"), store.read():
        pass
    with pytest.raises(StoreError, match="nothing is stored yet"):
        store.query("SELECT 1", timeout=1, max_rows=1)
    assert list(tmp_path.iterdir()) == []


def test_the_first_write_makes_the_folder(tmp_path: Path) -> None:
    """Also one below another."""
    store = Store(tmp_path / "a" / "b" / "s.duckdb")
    _add(store)
    assert store.exists()
    assert _spans(store) == 1


def test_the_settings_name_it(tmp_path: Path) -> None:
    """Path, compression and patience come from the settings; DuckLake is said to come later."""
    settings = Settings(store=str(tmp_path / "s.duckdb"), lock_timeout=0.05)
    store = Store.of(settings)
    assert store.path == settings.store_path
    with store.write(), pytest.raises(StoreLocked, match=r"0\.05 s"), store.read():
        pass
    with pytest.raises(ConfigError, match="DuckLake"):
        Store("ducklake:x.ducklake")


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    """One line with its name."""
    path = tmp_path / "s.duckdb"
    path.write_bytes(b"something else altogether" * 1000)
    for way in (Store(path).read, Store(path).write):
        with pytest.raises(StoreError, match=r"s\.duckdb"), way():
            pass


def test_any_duckdb_client_opens_it_between_leases(tmp_path: Path) -> None:
    """Tables and views are there for a client that knows nothing of us, whatever it calls the file."""
    store = Store(tmp_path / "s.duckdb")
    _add(store, 2)
    with duckdb.connect(str(store.path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM llm_calls").fetchall() == [(2,)]
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{store.path}' AS mine (READ_ONLY)")
        assert connection.execute("SELECT count(*) FROM mine.traces").fetchall() == [(2,)]
    _add(store)
    assert _spans(store) == 3


def test_a_connection_of_the_same_process_is_named(tmp_path: Path) -> None:
    """Two kinds of connection in one process cannot be; the error says whose it is, and nothing is harmed."""
    store = Store(tmp_path / "s.duckdb", lock_timeout=0.1)
    _add(store)
    with duckdb.connect(str(store.path)):
        for way in (store.read, store.write):
            with pytest.raises(StoreLocked, match=rf"this process \(PID {os.getpid()}\)"), way():
                pass
    assert _spans(store) == 1


def _foreign(store: Store, *, read_only: bool) -> subprocess.Popen[str]:
    """Another process with the file open; it is in once this returns, and ends with its standard input."""
    code = (
        f"import duckdb; c = duckdb.connect({str(store.path)!r}, read_only={read_only})\n"
        "print('open', flush=True); input()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_foreign_process_is_named_after_a_bounded_wait(tmp_path: Path, way: str) -> None:
    """Its process id and the remedy, in one line."""
    store = Store(tmp_path / "s.duckdb", lock_timeout=0.2)
    _add(store)
    with _foreign(store, read_only=False) as process:
        begun = time.monotonic()
        refused = pytest.raises(StoreLocked, match=rf"process {process.pid}, which is not otel-i2e; close")
        with refused, getattr(store, way)():
            pass
        assert 0.2 <= time.monotonic() - begun < 15
        process.communicate("")
    assert _spans(store) == 1


def test_a_foreign_process_that_goes_in_time_is_waited_for(tmp_path: Path) -> None:
    """The lease begins as soon as the file is free."""
    store = Store(tmp_path / "s.duckdb", lock_timeout=20)
    _add(store)
    with _foreign(store, read_only=True) as process:
        assert process.stdin is not None
        timer = threading.Timer(0.2, process.stdin.close)
        timer.start()
        _add(store)
        timer.join()
    assert _spans(store) == 2


def test_threads_read_and_write_at_once(tmp_path: Path) -> None:
    """Writers and readers in one process: nobody fails, nothing is lost."""
    store = Store(tmp_path / "s.duckdb")
    _add(store)
    failed: list[BaseException] = []

    def work(*, write: bool) -> None:
        try:
            for _ in range(2):
                if write:
                    _add(store)
                else:
                    assert store.query("SELECT count(*) FROM spans", timeout=20, max_rows=1).rows[0][0] >= 1
                    _spans(store)
        except BaseException as error:  # noqa: BLE001 -- handed to the test
            failed.append(error)

    threads = [threading.Thread(target=work, kwargs={"write": number % 2 == 0}) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert failed == []
    assert _spans(store) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_waits_for_an_open_lease(tmp_path: Path) -> None:
    """A thread writes while another forks: the child finds the store free, reads it and writes to it."""
    store = Store(tmp_path / "s.duckdb")
    _add(store)
    entered, stop = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            with store.write() as writer:
                entered.set()
                writer.add_spans([row_of(llm_span())])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert entered.wait(20)
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    _add(store)
                    code = 0 if _spans(store) >= 2 else 2
                finally:
                    os._exit(code)
            _, status = os.waitpid(pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_is_born_inside_a_lease_leaves_the_file_alone(tmp_path: Path) -> None:
    """The parent's own thread forks in the middle: what the child does on its way out changes nothing."""
    store = Store(tmp_path / "s.duckdb")
    born = multiprocessing.Event()
    pid = 0
    try:
        with store.write() as writer:
            writer.add_spans([row_of(llm_span())])
            pid = os.fork()
            if pid == 0:
                born.set()
                raise RuntimeError("leave the lease in the child")  # noqa: TRY301 -- that is the way out
            assert born.wait(10)
            os.waitpid(pid, 0)
            writer.add_spans([row_of(llm_span())])
    except RuntimeError:
        os._exit(0)
    assert _spans(store) == 2
    with duckdb.connect(str(store.path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM spans").fetchall() == [(2,)]


def test_the_holder_is_known(tmp_path: Path) -> None:
    """While a lease is open."""
    store = Store(tmp_path / "s.duckdb")
    assert store.holder() is None
    with store.write():
        assert store.holder() == os.getpid()
    assert store.holder() is None
