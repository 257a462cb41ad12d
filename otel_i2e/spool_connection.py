"""A process's connection to the present file of the spool, and what is done when that file is damaged.

A damaged file is left where it lies and the next one begun (`spool_files.py`); `recover` puts what is intact in it into
the present one. Where the file was deleted, or its folder moved, a new one is made. A forked child neither uses nor
closes what its parent opened.
"""

from __future__ import annotations

import logging
import os
import sqlite3  # noqa: TID251 -- the queue is in SQLite
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from otel_i2e.damage import Damaged, damaged_beside, note_saved
from otel_i2e.errors import SpoolError
from otel_i2e.forks import fork_guard, process_token
from otel_i2e.losses import remedy, why_unwritable
from otel_i2e.spool_database import ADD_BATCH, ADD_COUNT, connect, is_damage, transaction
from otel_i2e.spool_files import BATCH_FIELDS, abandon, damaged_log, intact_rows, is_abandoned, present_file

__all__ = ["SpoolConnection", "spool_error"]

_log = logging.getLogger("otel_i2e")
_connecting = threading.Lock()
_users: Counter[Path] = Counter()  # connections of this process to each file
_left_behind: list[sqlite3.Connection] = []  # a parent's connections: a child must neither use nor close them


class SpoolConnection:
    """Opened by its first use, for one thread at a time; opened anew after an error, after a fork, after damage."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """Of the spool: its first file."""
        self.file = path
        """The present file, as of the last `open`."""
        self.turns = 0
        """Grows when the present file is another one than before: batches of one are unknown in the other."""
        self._identity: os.stat_result | None = None
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = process_token()

    @contextmanager
    def open(self) -> Generator[sqlite3.Connection]:
        """The connection, for this thread alone. Raises SpoolError for what SQLite and the disk raise within."""
        with fork_guard, self._lock:
            try:
                yield self._connected()
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, sqlite3.Error) and is_damage(error):
                    abandon(self.file, str(error))
                self._drop()
                raise spool_error(self.path, error) from error

    def is_present(self) -> bool:
        """Whether the file of the last `open` is still the one that every process uses. Raises nothing."""
        try:
            now = os.stat(self.file)  # noqa: PTH116 -- asked twice for every request
        except OSError:
            return False  # opening it anew says why
        return self._identity is not None and os.path.samestat(now, self._identity) and not is_abandoned(self.file)

    def close(self) -> None:
        """Close it, where it is this process's own; the next use opens it again."""
        with fork_guard, self._lock:
            if self._owner == process_token():
                self._drop()
            self._connection = None

    def unsound(self) -> str | None:
        """What SQLite finds wrong when it reads every page; None when nothing is."""
        with self.open() as db:
            said = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)").fetchall()]
        return None if said == ["ok"] else "; ".join(" ".join(line.split()) for line in said)

    def leave(self, reason: str) -> None:
        """Begin a new file, because the present one is damaged."""
        with self.open():
            abandon(self.file, reason)

    def recover(self) -> int:
        """Put what can be read in the files that were left into the present one; the batches put again.

        For one process at a time.
        """
        with self.open():  # finds damage that nobody has met yet
            pass
        parts = damaged_beside(self.path) if is_abandoned(self.path) else []
        return sum(self._recover(part) for part in parts if part.what == "spool" and part.saved is None)

    def _recover(self, part: Damaged) -> int:
        batches = 0
        with self.open() as db, transaction(db):
            for row in intact_rows(part.path):
                if len(row) == BATCH_FIELDS:
                    db.execute(ADD_BATCH, row)
                    batches += 1
                else:
                    db.execute(ADD_COUNT, row)
        note_saved(part, {"batches": batches})
        return batches

    def _connected(self) -> sqlite3.Connection:
        """This process's connection to the present file; one that is damaged, or gone, is left for the next."""
        if self._connection is not None and self._owner != process_token():
            _left_behind.append(self._connection)
            self._connection = None
        if self._connection is not None and not self.is_present():
            self._drop()
            self._identity = None  # a new file may have the same number
            if not is_abandoned(self.file):
                _log.warning("otel-i2e: the spool %s was deleted or moved away; a new one is made", self.file)
        while self._connection is None:
            with _connecting:
                self._connection = self._first_sound()
            self._owner = process_token()
        return self._connection

    def _first_sound(self) -> sqlite3.Connection | None:
        """A connection to the present file; None when that was found damaged, and left."""
        self.file = present_file(self.path)
        if not _users[self.file] and (seen := damaged_log(self.file)) is not None:
            abandon(self.file, seen)
            return None
        try:
            connection = connect(self.file)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            abandon(self.file, str(error))
            return None
        try:
            self._know()
        except OSError:  # deleted at this moment
            connection.close()
            raise
        _users[self.file] += 1
        return connection

    def _know(self) -> None:
        """Remember which file was opened."""
        before, self._identity = self._identity, os.stat(self.file)  # noqa: PTH116 -- as above
        if before is None or not os.path.samestat(before, self._identity):
            self.turns += 1

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with _connecting:
                _users[self.file] -= 1
                with suppress(sqlite3.Error):  # the error that brought us here is the one to report
                    connection.close()


def spool_error(path: Path, error: sqlite3.Error | OSError) -> SpoolError:
    """The error with what the operating system says, which SQLite keeps to itself."""
    cause = error if isinstance(error, OSError) else why_unwritable(path)
    reason = str(error) if cause is None else cause.strerror or str(cause)
    said = reason if cause is None or cause is error else f"{error}: {reason}"
    todo = "check the file; `i2e status` says more" if cause is None else remedy(cause)
    return SpoolError(
        f"cannot use the spool {str(path)!r}: {said}; nothing was taken; {todo}", reason=reason, remedy=todo
    )
