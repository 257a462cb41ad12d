"""The last thing a process does: also in the children of `multiprocessing` and Celery, which skip `atexit`."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from types import ModuleType

from otel_i2e.capture.imports import when_imported

__all__ = ["at_exit"]


def at_exit(leave: Callable[[], None]) -> None:
    """Call `leave` when this process or a forked child ends in order. Not on `os._exit` or a fatal signal.

    It may be called twice. Children of `multiprocessing` (and of `billiard`, Celery's copy of it) end with
    `os._exit` after running their own finalizers only; a finalizer is registered there, in each child anew.
    """
    atexit.register(leave)

    def in_children(util: ModuleType) -> None:
        def finalize(_: object = None) -> None:
            util.Finalize(None, leave, exitpriority=-100)

        finalize()
        util.register_after_fork(_KEPT, finalize)

    when_imported("multiprocessing.util", in_children)
    when_imported("billiard.util", in_children)


class _Kept:
    """`register_after_fork` holds its object weakly; this one stays."""


_KEPT = _Kept()
