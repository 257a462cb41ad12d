"""What was recorded is flushed before SIGTERM ends a process that has no handler for it.

A handler in Python would be seen by the application, and would wait for a main thread that is inside C. So the
signal is caught by `faulthandler`, in C: it writes to a pipe, a thread of ours reads that, flushes, and sends the
signal again with its default effect. `signal.getsignal` says SIG_DFL throughout, a handler that the application sets
replaces ours, and the status is "killed by SIGTERM".

The death waits for the flush, for `seconds` at most, and for C code that holds the interpreter's lock. Nothing is
done where SIGTERM is blocked, ignored or handled already, and with threads that gevent or eventlet replaced. An
application that registers SIGTERM with `faulthandler` itself, or closes files it did not open, has to do without.
"""

from __future__ import annotations

import _thread
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType
from typing import Final

from otel_i2e.forks import FORK_WAIT

__all__ = ["arm", "disarm"]

_log = logging.getLogger("otel_i2e")
_STATUS: Final = Path("/proc/self/status")
_BIT: Final = 1 << (15 - 1)
"""SIGTERM in the masks of the process's status."""
_NOWHERE: Final = 2**31 - 1
"""No file can have this number: what `faulthandler` writes when the signal has its default effect goes nowhere."""


class _State:
    """What this process has."""

    lock = threading.Lock()
    held = False
    pipe: int | None = None
    """Where the signal is announced; None while it is not caught."""
    registered = False
    """Whether `faulthandler` has the signal, here or from a parent, be it with its default effect."""


def arm(flush: Callable[[], object], seconds: float) -> None:
    """From now on `flush()` is called, in a thread, before SIGTERM ends this process; it may take `seconds`.

    Never raises. Does nothing when this was done, or the signal is not as Python's default has it.
    """
    try:
        with _State.lock:
            if _State.pipe is None and _is_default():
                _begin(flush, seconds)
    except Exception as error:  # noqa: BLE001 -- the application goes on, as exposed to SIGTERM as without us
        _log.debug("otel-i2e does not flush on SIGTERM: %s", error)


def disarm() -> None:
    """Give SIGTERM its default effect again, at once and for good: the interpreter is about to end."""
    if _State.pipe is not None:
        _State.pipe = None
        _announce_to(None)


def _is_default() -> bool:
    """Whether SIGTERM would end this process, as far as can be told, and a thread is a thread."""
    if not hasattr(signal, "pthread_sigmask") or not isinstance(_thread.start_new_thread, BuiltinFunctionType):
        return False
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return False
    if not _STATUS.exists():
        return True
    lines = (line.split() for line in _STATUS.read_text(encoding="utf-8").splitlines())
    masks = {line[0]: int(line[1], 16) for line in lines if line and line[0] in ("SigBlk:", "SigIgn:", "SigCgt:")}
    caught = bool(masks["SigCgt:"] & _BIT)  # by a library in C, unless it is by us, in a parent of this process
    return caught == _State.registered and not (masks["SigBlk:"] | masks["SigIgn:"]) & _BIT


def _begin(flush: Callable[[], object], seconds: float) -> None:
    _State.registered = True
    _announce_to(None)  # the first registration decides that the signal may be raised in its own handler
    ear, pipe = os.pipe()
    try:
        os.set_blocking(pipe, False)  # a handler must not wait
        _thread.start_new_thread(_listen, (ear, flush, seconds))
    except BaseException:
        os.close(ear)
        os.close(pipe)
        raise
    _State.pipe = pipe
    _announce_to(pipe)


def _announce_to(pipe: int | None) -> None:
    """Announce SIGTERM there; None: give it its default effect. A handler of the application is left alone.

    A registration after the first changes where the text goes, not who handles the signal.
    """
    import faulthandler  # only for a process that records

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        file = _NOWHERE if pipe is None else pipe
        faulthandler.register(signal.SIGTERM, file=file, all_threads=False, chain=pipe is None)


def _listen(ear: int, flush: Callable[[], object], seconds: float) -> None:
    os.read(ear, 1)
    done = _thread.allocate_lock()
    done.acquire()
    try:
        _thread.start_new_thread(_flush, (flush, done))  # it may meet a lock that nobody lets go of
        done.acquire(timeout=seconds)
    except RuntimeError:  # the interpreter starts no more threads
        pass
    finally:
        disarm()
        os.kill(os.getpid(), signal.SIGTERM)


def _flush(flush: Callable[[], object], done: _thread.LockType) -> None:
    try:
        flush()
    finally:
        done.release()


def _before_fork() -> None:
    """A child has the parent's pipe until it begins anew: its SIGTERM must not be announced there."""
    _State.held = _State.lock.acquire(timeout=FORK_WAIT)
    if _State.pipe is not None:
        _announce_to(None)


def _after_fork_in_parent() -> None:
    if _State.pipe is not None:
        _announce_to(_State.pipe)
    if _State.held:
        _State.held = False
        _State.lock.release()


def _after_fork_in_child() -> None:
    """SIGTERM has its default effect until this process records something."""
    _State.lock, _State.held = threading.Lock(), False
    disarm()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
