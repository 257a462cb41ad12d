"""Recorders are told of a fork before anybody is held up for it."""

from __future__ import annotations

import os
import threading

import pytest

from otel_i2e.capture.recorder_forks import tell_of_forks
from otel_i2e.forks import fork_guard


class _Told:
    """Asks whether another thread may still open a file, as a recorder's own does that is not done."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.went_on = threading.Event()

    def before_fork(self, wait: float) -> None:
        threading.Thread(target=self._go_on, daemon=True).start()
        self.heard.append("open" if self.went_on.wait(wait) else "held up")

    def after_fork_in_parent(self) -> None:
        self.heard.append("parent")

    def after_fork_in_child(self) -> None:
        self.heard.append("child")

    def _go_on(self) -> None:
        with fork_guard:
            self.went_on.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_recorder_is_told_before_the_guard_closes() -> None:
    """Its thread can finish what it does with the spool; parent and child are each told that it is over."""
    told = _Told()
    tell_of_forks(told)
    child = os.fork()
    if not child:
        os._exit(0 if told.heard == ["open", "child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told.heard == ["open", "parent"]
