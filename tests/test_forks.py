"""A fork waits for those inside the guard, never for ever, and the child begins with nobody inside."""

from __future__ import annotations

import os
import threading
import time

import pytest

from otel_i2e.forks import ForkGuard, fork_guard

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def _inside(guard: ForkGuard) -> tuple[threading.Thread, threading.Event]:
    """A thread that is inside `guard` until the event is set."""
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with guard:
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=stay, daemon=True)
    thread.start()
    assert entered.wait(10)
    return thread, leave


def test_fork_waits_for_another_thread_but_not_for_ever() -> None:
    """`before_fork` says False when the other thread has not left in time."""
    guard = ForkGuard()
    thread, leave = _inside(guard)
    assert guard.before_fork(wait=0.05) is False
    guard.after_fork_in_parent()
    leave.set()
    thread.join(10)
    assert guard.before_fork(wait=0.05) is True
    guard.after_fork_in_parent()


def test_fork_goes_on_as_soon_as_the_last_one_leaves() -> None:
    """The wait ends with the holder, long before its limit."""
    guard = ForkGuard()
    _, leave = _inside(guard)
    threading.Timer(0.05, leave.set).start()
    begun = time.monotonic()
    assert guard.before_fork(wait=20) is True
    assert time.monotonic() - begun < 10
    guard.after_fork_in_parent()


def test_newcomers_wait_for_the_fork_and_those_inside_may_go_deeper() -> None:
    """Entering while a fork is pending blocks, except for a thread that is inside already or that forks."""
    guard = ForkGuard()
    with guard:
        assert guard.before_fork(wait=1) is True, "the forking thread does not wait for itself"
        with guard:
            pass
        newcomer = threading.Thread(target=guard.__enter__, daemon=True)
        newcomer.start()
        newcomer.join(0.05)
        assert newcomer.is_alive()
        guard.after_fork_in_parent()
        newcomer.join(10)
        assert not newcomer.is_alive()


def test_a_forked_child_finds_nobody_inside() -> None:
    """A child born while its own parent thread was inside can enter, leave, and fork again."""
    with fork_guard:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                with fork_guard:
                    code = 0 if fork_guard.before_fork(wait=1) else 2
            finally:
                os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
