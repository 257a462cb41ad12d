"""The durable queue: what was put is there, once, whoever puts, drains, forks or dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from otel_i2e.errors import SpoolFull
from otel_i2e.spool import Request, Spool, _batch


def _bodies(spool: Spool) -> list[bytes]:
    with spool.claim() as batches:
        return [batch.body for batch in batches]


def test_batches_come_out_in_order_with_their_marks(tmp_path: Path) -> None:
    """A batch keeps its signal, encoding, item count and place in the queue."""
    spool = Spool(tmp_path / "s")
    spool.put(b"one", items=3)
    spool.put(b"two", signal="logs", encoding="json")
    with spool.claim() as batches:
        assert [(b.body, b.signal, b.encoding, b.items) for b in batches] == [
            (b"one", "traces", "protobuf", 3),
            (b"two", "logs", "json", 1),
        ]
    spool.close()


def test_only_done_takes_a_batch_away(tmp_path: Path) -> None:
    """A claim that ends without done hands the batch out again."""
    spool = Spool(tmp_path / "s")
    spool.put(b"one")
    assert _bodies(spool) == [b"one"]
    with spool.claim() as batches:
        spool.done(batches)
    assert _bodies(spool) == []
    spool.close()


def test_one_drainer_at_a_time(tmp_path: Path) -> None:
    """While one claim is open, another sees nothing; afterwards it sees everything."""
    first, second = Spool(tmp_path / "s"), Spool(tmp_path / "s")
    first.put(b"one")
    with first.claim() as mine:
        assert len(mine) == 1
        assert _bodies(second) == []
    assert _bodies(second) == [b"one"]
    first.close()
    second.close()


def test_claim_is_bounded_in_bytes_and_gives_at_least_one(tmp_path: Path) -> None:
    """A claim stops after max_bytes, but a single larger batch still comes out."""
    spool = Spool(tmp_path / "s")
    for _ in range(3):
        spool.put(b"x" * 1000)
    with spool.claim(max_bytes=1500) as batches:
        assert len(batches) == 2
    with spool.claim(max_bytes=1) as batches:
        assert len(batches) == 1
    spool.close()


def test_full_spool_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    """At the size limit put raises SpoolFull, naming the limit, and nothing is lost."""
    spool = Spool(tmp_path / "s", max_bytes=200_000)
    spool.put(b"x" * 100_000)
    with pytest.raises(SpoolFull, match="200,000"):
        spool.put(b"x" * 100_000)
    assert spool.stats().batches == 1
    with spool.claim() as batches:
        spool.done(batches)
    spool.put(b"x" * 100_000)
    spool.close()


def test_counters_add_up_across_openers(tmp_path: Path) -> None:
    """Counters are durable and shared."""
    first, second = Spool(tmp_path / "s"), Spool(tmp_path / "s")
    first.count("dropped", "queue full", 2)
    second.count("dropped", "queue full")
    assert first.counters() == {("dropped", "queue full"): 3}
    first.close()
    second.close()


def test_what_is_received_is_counted_with_it(tmp_path: Path) -> None:
    """In the transaction that takes it, by source; a request that names none is not counted."""
    spool = Spool(tmp_path / "s", max_bytes=100_000)
    spool.put_together([Request(b"a", items=2, source="http"), Request(b"b", items=3, source="file"), Request(b"c")])
    spool.put(b"d", items=4, source="http")
    with pytest.raises(SpoolFull):
        spool.put(bytes(200_000), items=9, source="http")
    assert spool.counters() == {("received", "http"): 6, ("received", "file"): 3}
    with spool.claim() as batches:
        spool.done(batches, {("stored", ""): 9, ("duplicate", ""): 0})
    assert spool.counters() == {("received", "http"): 6, ("received", "file"): 3, ("stored", ""): 9}
    assert spool.stats().batches == 0
    spool.close()


def test_stats_say_what_waits(tmp_path: Path) -> None:
    """Batches, items, bytes and age; an empty spool has no age."""
    spool = Spool(tmp_path / "s")
    assert spool.stats().oldest_seconds is None
    spool.put(b"12345", items=7)
    stats = spool.stats()
    assert (stats.batches, stats.items, stats.bytes) == (1, 7, 5)
    assert stats.oldest_seconds is not None
    spool.close()


def test_bytes_that_changed_on_the_disk_are_handed_out_as_such(tmp_path: Path) -> None:
    """Never as what was put, and never in the way of the next."""
    spool = Spool(tmp_path / "s")
    spool.put(b"first")
    spool.put(b"second")
    spool.close()
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute("UPDATE batches SET body = X'6669727374FF', signal = CAST(X'FF' AS TEXT) WHERE id = 1")
    db.close()
    with spool.claim() as (damaged, whole):
        assert (damaged.intact, damaged.body, damaged.signal) == (False, b"first\xff", "traces")
        assert (whole.intact, whole.body) == (True, b"second")
    spool.close()


def test_a_row_without_a_body_is_not_intact(tmp_path: Path) -> None:
    """SQLite gives NULL for what lies behind the end of a file that was cut."""
    batch = _batch(1, ["traces", "protobuf", 1, 0.5, None, None])
    assert (batch.intact, batch.body) == (False, b"")


def test_a_spool_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    """Its batches have no checksum, and are taken as they are."""
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute(
            "CREATE TABLE batches (id INTEGER PRIMARY KEY AUTOINCREMENT, signal TEXT NOT NULL, encoding TEXT NOT NULL, "
            "items INTEGER NOT NULL, received_at REAL NOT NULL, body BLOB NOT NULL)"
        )
        db.execute("INSERT INTO batches VALUES (1, 'traces', 'protobuf', 1, 0.5, X'01')")
    db.close()
    spool = Spool(tmp_path / "s")
    spool.put(b"2")
    with spool.claim() as batches:
        assert [(batch.body, batch.intact) for batch in batches] == [(b"\x01", True), (b"2", True)]
    spool.close()


def _put_many(path: Path, who: int, n: int) -> None:
    spool = Spool(path)
    for i in range(n):
        spool.put(f"{who}:{i}".encode())
    spool.close()


def test_processes_put_while_one_drains(tmp_path: Path) -> None:
    """Four processes putting and one draining: every batch exactly once."""
    path = tmp_path / "s"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(path, who, 50)) for who in range(4)]
    for writer in writers:
        writer.start()
    spool = Spool(path)
    seen: list[bytes] = []
    while any(writer.is_alive() for writer in writers) or spool.stats().batches:
        with spool.claim(max_bytes=64) as batches:
            seen += [batch.body for batch in batches]
            spool.done(batches)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert sorted(seen) == sorted(f"{who}:{i}".encode() for who in range(4) for i in range(50))
    spool.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forks_in_the_middle_of_puts_lose_nothing(tmp_path: Path, full: bool) -> None:
    """Children forked while another thread puts have a working spool of their own, and the parent's keeps working."""
    spool = Spool(tmp_path / "s")
    spool.put(b"parent")
    stop = threading.Event()
    put = [0]

    def keep_putting() -> None:
        while not stop.is_set():
            spool.put(b"thread")
            put[0] += 1

    thread = threading.Thread(target=keep_putting)
    thread.start()
    forks = 100 if full else 10
    for _ in range(forks):
        pid = os.fork()
        if pid == 0:
            try:
                spool.put(b"child")
                os._exit(0)
            except BaseException:  # noqa: BLE001 -- a child must not return into pytest
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    thread.join()
    bodies = _bodies(spool)
    assert bodies.count(b"child") == forks
    assert bodies.count(b"thread") == put[0]
    assert sqlite3.connect(tmp_path / "s").execute("PRAGMA integrity_check").fetchone() == ("ok",)
    spool.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_does_not_inherit_the_claim(tmp_path: Path) -> None:
    """A child forked during a claim does not keep the parent's right to drain after the parent let go."""
    spool = Spool(tmp_path / "s")
    spool.put(b"one")
    reader, writer = os.pipe()
    with spool.claim() as batches:
        assert batches
        pid = os.fork()
        if pid == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    assert _bodies(Spool(tmp_path / "s")) == [b"one"]
    os.close(writer)
    os.waitpid(pid, 0)
    os.close(reader)
    spool.close()


def test_kill_9_keeps_every_acknowledged_put(tmp_path: Path, full: bool) -> None:
    """Whatever put acknowledged before kill -9 is there afterwards, and the file is whole."""
    script = textwrap.dedent(
        """
        import sys; from pathlib import Path; from otel_i2e.spool import Spool, _batch
        spool = Spool(Path(sys.argv[1])); i = 0
        while True:
            spool.put(b"%d" % i); print(i, flush=True); i += 1
        """
    )
    for round_ in range(10 if full else 2):
        path = tmp_path / f"s{round_}"
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20 + 7 * round_)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
        process.stdout.close()
        process.wait()
        spool = Spool(path)
        stored = [int(body) for body in _bodies(spool)]
        assert stored[: len(acknowledged)] == acknowledged
        assert len(stored) - len(acknowledged) in (0, 1)
        spool.close()
