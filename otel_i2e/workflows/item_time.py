"""How long one span or log record may take to become a row: one that never ends must not hold up all others.

    with watched() as watch:
        row = watch.timed(normalize_span, span)     # raises TooSlow

Counted is the processor time of this thread, so that neither a busy machine nor a suspended one makes an item slow. In
a process of our own a signal interrupts, even one endless call of `re`; in an application, whose signals are its own,
another thread does, which such a call would not let in.
"""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

__all__ = ["MOST_SECONDS", "TooSlow", "Watch", "interrupt_by_signal", "watched"]

T = TypeVar("T")
MOST_SECONDS: Final = 60.0
"""Processor time of one item. The largest that is taken, 20 MiB made to be slow, needs half of it."""
_LOOKS: Final = 4  # within that time
_ARRIVAL: Final = 0.001
_own_process: list[bool] = []


class TooSlow(BaseException):
    """The item under way has taken too long. No `except Exception` on the way holds it up."""


class Watch:
    """Of one thread."""

    def __init__(self, most: float) -> None:
        self.most = most
        """Seconds that an item may take."""
        self._thread = threading.get_ident()
        self._clock = _clock_of(self._thread)
        self._lock = threading.Lock()
        self._began: float | None = None
        self._is_on_its_way = False

    def timed(self, work: Callable[..., T], *given: Any) -> T:
        """What `work` gives. Raises TooSlow, here and nowhere later."""
        self._is_on_its_way = False
        self._began = self._clock()
        try:
            return work(*given)
        except TooSlow:
            self._is_on_its_way = False
            raise
        finally:
            with self._lock:
                self._began = None
            while self._is_on_its_way:  # from another thread
                time.sleep(_ARRIVAL)

    def is_over(self) -> bool:
        """Whether the item under way has had its time; said once."""
        began = self._began
        if began is None or self._clock() - began < self.most:
            return False
        self._began = None
        return True

    def interrupt(self) -> None:
        """From another thread: raise TooSlow in the watched one, if its item has had its time."""
        with self._lock:
            if self.is_over():
                self._is_on_its_way = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(TooSlow))


def interrupt_by_signal() -> None:
    """This process is ours: its main thread is interrupted by SIGVTALRM, where there is one."""
    if hasattr(signal, "setitimer"):
        _own_process.append(True)


@contextmanager
def watched(most: float | None = None) -> Generator[Watch]:
    """A watch of this thread, for items one after the other."""
    watch = Watch(MOST_SECONDS if most is None else most)
    by_signal = bool(_own_process) and threading.current_thread() is threading.main_thread()
    with (_by_signal if by_signal else _by_thread)(watch):
        yield watch


@contextmanager
def _by_signal(watch: Watch) -> Generator[None]:
    def look(_signal: int, _frame: object) -> None:
        if watch.is_over():
            raise TooSlow

    before = signal.signal(signal.SIGVTALRM, look)
    signal.setitimer(signal.ITIMER_VIRTUAL, watch.most / _LOOKS, watch.most / _LOOKS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _by_thread(watch: Watch) -> Generator[None]:
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(watch.most / _LOOKS):
            watch.interrupt()

    with suppress(RuntimeError):  # at the end of the interpreter there are no new threads
        threading.Thread(target=look, name="otel-i2e-watch", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _clock_of(thread: int) -> Callable[[], float]:
    """Processor time of a thread, readable from others; the time of day where there is no such clock."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(thread)
        return lambda: time.clock_gettime(clock)
    return time.monotonic
