"""`fork_guard`: no child process is born while this one has a lock, SQLite or DuckDB open.

A forked child inherits open files, but neither the threads that use them nor, for POSIX locks, the
locks that protect them: a child that later closes an inherited DuckDB connection would checkpoint
the parent's file. Whoever opens such a thing does so inside `with fork_guard:`, and `os.fork` waits,
for `FORK_WAIT` seconds at most, until nobody is inside.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, Any, Final

__all__ = ["FORK_WAIT", "ForkGuard", "closed_in_child", "fork_guard", "process_token"]

FORK_WAIT: Final = 3.0
"""Seconds that a fork is held up at most; then it goes ahead, because an application must not hang."""


class ForkGuard:
    """Any number of threads may be inside, also several times over; a fork waits for the other threads.

    A thread that wants in while a fork is waiting waits for the fork, unless it is inside already.
    The child begins with nobody inside.
    """

    def __init__(self) -> None:
        self.after_fork_in_child()

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            if me not in self._inside and me not in self._forking:
                self._changed.wait_for(lambda: not self._forking or me in self._dismissed)
                if me in self._dismissed:
                    raise SystemExit  # which ends a thread without a word
            self._inside[me] = self._inside.get(me, 0) + 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        me = threading.get_ident()
        with self._changed:
            if me not in self._inside:
                return  # entered before a fork, left in the child
            self._inside[me] -= 1
            if not self._inside[me]:
                del self._inside[me]
                self._changed.notify_all()

    def dismiss(self, thread: int) -> None:
        """The thread with this ident comes in no more: when it tries, it ends. For the end of the process."""
        with self._changed:
            self._dismissed.add(thread)
            self._changed.notify_all()

    def before_fork(self, wait: float = FORK_WAIT) -> bool:
        """Hold newcomers up and wait for the other threads to leave; False when `wait` seconds were not enough."""
        me = threading.get_ident()
        deadline = time.monotonic() + wait
        if not self._lock.acquire(timeout=wait):
            return False
        try:
            self._forking[me] = self._forking.get(me, 0) + 1
            return self._changed.wait_for(
                lambda: not (self._inside.keys() - {me}), timeout=max(0.0, deadline - time.monotonic())
            )
        finally:
            self._lock.release()

    def after_fork_in_parent(self) -> None:
        """Let the newcomers in. Follows every `before_fork`, whatever that returned."""
        me = threading.get_ident()
        held = self._lock.acquire(timeout=1.0)  # not held: a signal handler forked in the middle of our own code
        try:
            count = self._forking.pop(me, 0)
            if count > 1:
                self._forking[me] = count - 1
            if held:
                self._changed.notify_all()
        finally:
            if held:
                self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: the parent's threads, and so whoever was inside, do not exist here."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside: dict[int, int] = {}
        self._forking: dict[int, int] = {}
        self._dismissed: set[int] = set()


fork_guard: Final = ForkGuard()
"""The guard of this process."""

_lock_files: Final[set[IO[Any]]] = set()
_generation = [0]


def process_token() -> int:
    """Changes in every forked child: what was opened under another token belongs to the parent."""
    return _generation[0]


@contextmanager
def closed_in_child(lock_file: IO[Any]) -> Generator[None]:
    """While inside, a forked child lets go of its copy of `lock_file`: the lock ends when the parent lets go."""
    _lock_files.add(lock_file)
    try:
        yield
    finally:
        _lock_files.discard(lock_file)


def _forget_parent() -> None:
    _generation[0] += 1
    nowhere = os.open(os.devnull, os.O_RDWR)
    for lock_file in _lock_files:  # the number stays taken, so that a late close() of it hits nobody else's file
        with suppress(OSError, ValueError):  # closed already
            os.dup2(nowhere, lock_file.fileno(), inheritable=False)
    os.close(nowhere)
    _lock_files.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=fork_guard.before_fork,
        after_in_parent=fork_guard.after_fork_in_parent,
        after_in_child=fork_guard.after_fork_in_child,
    )
    os.register_at_fork(after_in_child=_forget_parent)
