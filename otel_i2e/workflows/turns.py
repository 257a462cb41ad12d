"""One process at a time: lock files beside the store, which a crash lets go of."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import IO

import portalocker

from otel_i2e.config import Settings
from otel_i2e.errors import StoreError
from otel_i2e.forks import closed_in_child, fork_guard

__all__ = ["turn"]


@contextmanager
def turn(settings: Settings, what: str, *, wait: bool = False) -> Generator[bool]:
    """Whether this process alone does `what` on the store until the context ends; with `wait`, once it does.

    Raises StoreError when the lock file cannot be made.
    """
    flags = portalocker.LockFlags.EXCLUSIVE
    with ExitStack() as stack:
        with fork_guard:  # no child may be born between the opening and its note for children
            file = stack.enter_context(_lock_file(settings, what))
            stack.enter_context(closed_in_child(file))
        try:
            portalocker.lock(file, flags if wait else flags | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.AlreadyLocked:
            yield False
            return
        stack.callback(portalocker.unlock, file)
        yield True


def _lock_file(settings: Settings, what: str) -> IO[str]:
    path = settings.store_path.with_name(f"{settings.store_path.name}.{what}")
    try:
        return path.open("a")
    except OSError as error:
        raise StoreError(f"cannot open the lock file {str(path)!r}: {error.strerror}; may you write there?") from None
