"""Every recorder of this process is told when it forks: before, and after in the parent and in the child.

What is registered last is called first before a fork. So `forks` comes first, by its import here: a recorder must have
left the spool before the guard holds everybody up.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakSet

from otel_i2e.forks import FORK_WAIT

__all__ = ["tell_of_forks"]


class _Told(Protocol):
    def before_fork(self, wait: float) -> None: ...
    def after_fork_in_parent(self) -> None: ...
    def after_fork_in_child(self) -> None: ...


_told: Final[WeakSet[_Told]] = WeakSet()


def tell_of_forks(recorder: _Told) -> None:
    """From now on and as long as it lives."""
    _told.add(recorder)


def _each(step: Callable[[_Told], None]) -> Callable[[], None]:
    def call() -> None:
        for recorder in list(_told):
            step(recorder)

    return call


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=_each(lambda recorder: recorder.before_fork(FORK_WAIT)),
        after_in_parent=_each(lambda recorder: recorder.after_fork_in_parent()),
        after_in_child=_each(lambda recorder: recorder.after_fork_in_child()),
    )
