"""The lease: who may have the DuckDB file open, decided by a lock file of our own beside it.

DuckDB lets one process write, or several read, and fails at once otherwise. So every access waits its
turn at `<store>.lock`: shared for readers, exclusive for writers, for threads of one process as for
several processes. `<store>.gate` makes it fair: whoever wants the lock holds the gate while waiting,
so a writer cannot be starved by readers that come and go; and who has waited longer looks more often.
The database file itself is never opened except by DuckDB: closing any other handle on it would drop
DuckDB's own lock.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import portalocker

from otel_i2e.errors import StoreError, StoreLocked
from otel_i2e.forks import closed_in_child, fork_guard, process_token

__all__ = ["hold", "holder", "lock_path"]

_LONGEST_WAIT: Final = 0.02
_SHORTEST_WAIT: Final = 0.001


def lock_path(store: Path) -> Path:
    """The lock file of `store`."""
    return store.with_name(store.name + ".lock")


@contextmanager
def hold(store: Path, *, exclusive: bool, timeout: float) -> Generator[float]:
    """Hold the lease; yields the moment (`time.monotonic`) at which the wait would have ended.

    Raises StoreLocked, naming the holder, after `timeout` seconds; StoreError when the lock file cannot be made.
    """
    deadline = time.monotonic() + timeout
    flag = portalocker.LockFlags.EXCLUSIVE if exclusive else portalocker.LockFlags.SHARED
    with _opened(lock_path(store)) as lock:
        with _opened(store.with_name(store.name + ".gate")) as gate:
            _wait_for(gate, portalocker.LockFlags.EXCLUSIVE, store, deadline, timeout)
            _wait_for(lock, flag, store, deadline, timeout)
        _sign(lock)
        yield deadline


def holder(store: Path) -> int | None:
    """Process id of who holds the lease now (of the last to come, when readers share it); None when it is free."""
    if not lock_path(store).exists():
        return None
    with _opened(lock_path(store)) as lock:
        return None if _locked(lock, portalocker.LockFlags.EXCLUSIVE) else _signed(store)


def _wait_turn(waited: float) -> float:
    """Seconds until the next attempt of somebody who has waited for `waited` seconds.

    Who has waited for long looks more often, and so comes before newcomers; uneven, so that waiters do not
    march in step.
    """
    longest = max(_SHORTEST_WAIT, _LONGEST_WAIT / (1 + 8 * waited))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- not a secret


def _wait_for(handle: IO[Any], flag: portalocker.LockFlags, store: Path, deadline: float, timeout: float) -> None:
    while not _locked(handle, flag):
        left = deadline - time.monotonic()
        if left <= 0:
            raise StoreLocked(
                f"the store {str(store)!r} stayed in use for {timeout:g} s, last by process {_signed(store)}; "
                "try again, or wait longer with I2E_LOCK_TIMEOUT"
            )
        time.sleep(_wait_turn(timeout - left))


def _locked(handle: IO[Any], flag: portalocker.LockFlags) -> bool:
    try:
        portalocker.lock(handle, flag | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.AlreadyLocked:
        return False
    except portalocker.LockException as error:
        raise StoreError(f"cannot lock {handle.name!r}: {error}; is it on a file system without locks?") from None
    return True


@contextmanager
def _opened(path: Path) -> Generator[IO[Any]]:
    with ExitStack() as stack:
        with fork_guard:  # no child may be born between the opening and its note for children
            handle = stack.enter_context(_open(path))
            stack.enter_context(closed_in_child(handle))
        token = process_token()
        try:
            yield handle
        finally:
            if token == process_token():
                with suppress(portalocker.LockException, OSError):
                    portalocker.unlock(handle)


def _open(path: Path) -> IO[Any]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+b", buffering=0)  # what a full disk does not take must not come up at close
    except OSError as error:
        with suppress(OSError):
            return path.open("rb", buffering=0)  # a store that may be read but not written can be locked all the same
        raise StoreError(f"cannot open the lock file {str(path)!r}: {error.strerror}; may you write there?") from None


def _sign(lock: IO[Any]) -> None:
    with suppress(OSError):
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()


def _signed(store: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(lock_path(store).read_bytes())
    return None
