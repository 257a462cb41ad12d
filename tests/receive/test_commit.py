"""Several requests, one wait for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.errors import SpoolError, SpoolFull
from otel_i2e.receive.commit import GROUP_BYTES, GroupCommit
from otel_i2e.spool import Request, Spool


class SlowSpool(Spool):
    """A spool whose first transaction lasts until it is let go, and that remembers what it was given."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self.go, self.begun = threading.Event(), threading.Event()
        self.groups: list[list[bytes]] = []
        self.broken = False

    def put_together(self, requests: Sequence[Request]) -> range:
        """As the real one, later."""
        self.groups.append([request.body for request in requests])
        self.begun.set()
        assert self.go.wait(20)
        if self.broken:
            raise SpoolError("the disk is gone")
        return super().put_together(requests)


@pytest.fixture
def slow(tmp_path: Path) -> SlowSpool:
    """Takes 100 kB."""
    return SlowSpool(tmp_path / "s.spool", max_bytes=100_000)


def at_once(commit: GroupCommit, bodies: Sequence[bytes], begun: Callable[[], object]) -> dict[bytes, Exception | None]:
    """What becomes of each, when the others come while the first is written."""
    outcome: dict[bytes, Exception | None] = {}

    def put(body: bytes) -> None:
        try:
            commit.put(Request(body))
            outcome[body] = None
        except Exception as error:  # noqa: BLE001 -- looked at by the test
            outcome[body] = error

    threads = [threading.Thread(target=put, args=(body,)) for body in bodies]
    threads[0].start()
    begun()
    for thread in threads[1:]:
        thread.start()
    deadline = time.monotonic() + 20
    while len(commit._queue) < len(bodies) - 1:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert outcome == {}, "told before it was on disk"
    assert isinstance(commit._spool, SlowSpool)
    commit._spool.go.set()
    for thread in threads:
        thread.join(20)
    return outcome


def waiting(spool: Spool) -> set[bytes]:
    """Bodies in the spool."""
    with spool.claim() as batches:
        return {batch.body for batch in batches}


def test_what_gathers_during_one_transaction_is_the_next(slow: SlowSpool) -> None:
    """Nobody is told before that; all are on disk then."""
    bodies = [bytes([65 + number]) for number in range(6)]
    assert at_once(GroupCommit(slow), bodies, lambda: slow.begun.wait(20)) == dict.fromkeys(bodies)
    assert [len(group) for group in slow.groups] == [1, 5]
    assert waiting(slow) == set(bodies)
    slow.close()


def test_a_full_spool_takes_those_that_fit(slow: SlowSpool) -> None:
    """One that is too large takes no other with it."""
    bodies = [b"a", b"b" * 90_000, b"c", b"d"]
    outcome = at_once(GroupCommit(slow), bodies, lambda: slow.begun.wait(20))
    assert [type(outcome[body]) for body in bodies] == [type(None), SpoolFull, type(None), type(None)]
    assert waiting(slow) == {b"a", b"c", b"d"}
    slow.close()


def test_an_error_is_everybodys(slow: SlowSpool) -> None:
    """Nothing was taken, everyone is told so, and the next may try."""
    slow.broken = True
    commit = GroupCommit(slow)
    outcome = at_once(commit, [b"a", b"b", b"c"], lambda: slow.begun.wait(20))
    assert [str(error) for error in outcome.values()] == ["the disk is gone"] * 3
    slow.broken = False
    commit.put(Request(b"d"))
    assert waiting(slow) == {b"d"}
    slow.close()


def test_a_transaction_is_bounded(slow: SlowSpool) -> None:
    """What is more than that goes into the next."""
    bodies = [b"a", *(bytes([66 + number]) * (GROUP_BYTES // 2 - 10) for number in range(3))]
    slow._max_bytes = 10 * GROUP_BYTES
    assert at_once(GroupCommit(slow), bodies, lambda: slow.begun.wait(20)) == dict.fromkeys(bodies)
    assert [len(group) for group in slow.groups] == [1, 2, 1]
    slow.close()


def test_all_of_a_group_are_taken_or_none(tmp_path: Path) -> None:
    """A request that SQLite cannot hold takes the transaction with it."""
    spool = Spool(tmp_path / "s.spool")
    spool.put_together([Request(b"a"), Request(b"b", "logs", "json", 7)])
    with pytest.raises(OverflowError):
        spool.put_together([Request(b"c"), Request(b"d", items=2**80)])
    with spool.claim() as batches:
        assert [(one.body, one.signal, one.encoding, one.items) for one in batches] == [
            (b"a", "traces", "protobuf", 1),
            (b"b", "logs", "json", 7),
        ]
    spool.close()
