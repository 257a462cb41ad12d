"""What stands between the application's threads and the spool: a queue, a thread, and counted losses.

An application's thread appends to a queue and goes on; it never encodes, waits or touches a file. A
daemon thread, started by the first item, encodes what has gathered and puts it into the spool. What
cannot be kept is counted with a reason, logged once a reason, and written to the spool's counters as
soon as the spool takes them (`i2e status` shows them).

A forked child starts with an empty queue and no thread: the parent writes what the parent recorded.
The first item after a quiet time is written at once, those that follow every `flush_interval` seconds:
that much is lost by `os._exit` and `kill -9`, at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from otel_i2e.capture.counts import Counts
from otel_i2e.capture.recorder_forks import tell_of_forks
from otel_i2e.config import Settings
from otel_i2e.errors import SpoolError, SpoolFull
from otel_i2e.forks import fork_guard

if TYPE_CHECKING:
    from otel_i2e.capture.encode import Encoder
    from otel_i2e.capture.open_spans import OpenSpans
    from otel_i2e.redact import Redactor
    from otel_i2e.spool import Signal, Spool

__all__ = ["Recorder"]

_log = logging.getLogger("otel_i2e")
_CHUNK: Final = 128
"""Items that are encoded in one go."""
_CLAIMS: Final = 20_000
"""Spans that are remembered to be known when they come again."""
_HIGH: Final = 256
"""Waiting items at which the thread is woken early: the fewer wait, the more memory is used again from the cache."""
_GATHER: Final = 0.005
"""Seconds after the first item of a quiet time until it is written: what ends together is written together."""
_PUT_BYTES: Final = 2_000_000
"""A batch is put when it has grown to this."""
_left_behind: Final[list[Any]] = []
"""A parent's spools: a child must neither use nor close their connections."""


class Recorder:
    """Takes ended spans and log records, and sees that they reach the spool."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_stored: Callable[[], None] | None = None,
        on_first: Callable[[], None] | None = None,
    ) -> None:
        """`on_stored` is called after each batch, `on_first` in the application's thread before the first item."""
        self.settings = settings
        """What the process was told."""
        self._on_stored = on_stored
        self._on_first = on_first
        self._spool: Spool | None = None
        self.joined: WeakSet[Any] = WeakSet()
        """Providers that have a processor of ours."""
        self.claims: dict[int, object] | None = None
        """Spans that came one way and may come another; None while there is one way only."""
        self.open_spans: OpenSpans | None = None
        """Told of spans that begin and end, where somebody waits for whole traces; an evaluation does."""
        self._begin()
        tell_of_forks(self)

    @property
    def spool_path(self) -> Path:
        """The spool's file."""
        return self.settings.spool_path

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """(counter, reason) → what was lost or changed and is not yet in the spool's counters."""
        return self._counts.waiting()

    def take_span(self, span: Any) -> None:
        """Queue an ended span. Never waits and never raises; a full queue drops it, counted."""
        self._take(self._spans, span)

    def take_log(self, record: Any) -> None:
        """Queue a log record; as `take_span`."""
        self._take(self._logs, record)

    def share(self) -> None:
        """From now on a span may come twice, from a processor and from an exporter: `is_first` tells."""
        if self.claims is None:
            self.claims = {}

    def is_first(self, span_id: int) -> bool:
        """Whether this is the first of two ways on which a span comes. Safe for threads."""
        if self.claims is None:
            return True
        mine = object()
        if self.claims.setdefault(span_id, mine) is not mine:
            self.claims.pop(span_id, None)
            return False
        if len(self.claims) > _CLAIMS:  # spans that came one way only
            for oldest in list(self.claims)[: _CLAIMS // 2]:
                self.claims.pop(oldest, None)
        return True

    def note(self, counter: str, reason: str, n: int = 1) -> None:
        """Count something that went wrong; say it once in the log."""
        self._counts.add(counter, reason, n)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what was taken so far is in the spool, or counted as lost; False after `timeout` seconds."""
        if self._thread is None or not self._thread.is_alive():
            self._drain()  # nothing is waiting, or the interpreter starts no more threads
            return True
        with self._changed:
            self._asked += 1
            ticket = self._asked
            self._something.set()
            self._hurry.set()
            return self._changed.wait_for(lambda: self._answered >= ticket, timeout)

    def settle(self) -> bool:
        """Flush before an end; all calls together take at most `exit_timeout` seconds."""
        started = time.monotonic()
        done = self.flush(self._exit_budget)
        self._exit_budget = max(0.0, self._exit_budget - (time.monotonic() - started))
        if not done:
            self._counts.note_unflushed(len(self._spans) + len(self._logs) + self._under_way)
        return done

    def close(self, timeout: float = 5.0) -> bool:
        """Flush, end the thread and close the spool. For tests and short-lived recorders; an item taken later waits."""
        done = self.flush(timeout)
        self._closed = True
        self._something.set()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._spool is not None:
            self._spool.close()
        return done

    @property
    def exit_budget(self) -> float:
        """Seconds that are left of `exit_timeout`."""
        return self._exit_budget

    # The application's thread

    def _take(self, queue: deque[Any], item: Any) -> None:
        waiting = len(queue)
        if waiting >= self._limit:
            self._lose("queue full", 1)
            return
        queue.append(item)
        if not self._awake:
            self._wake()
        elif waiting >= self._high and not self._hurry.is_set():
            self._hurry.set()

    def _wake(self) -> None:
        self._awake = True
        self._something.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            if self._on_first is not None:
                self._on_first()
            thread = threading.Thread(target=self._work, name="otel-i2e-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down: `settle` writes what is left
                return
            self._thread = thread

    def _lose(self, reason: str, n: int, *, remedy: str = "") -> None:
        self._counts.add("dropped", reason, n, remedy=remedy)

    # The recording thread

    def _work(self) -> None:
        due = 0.0  # when the interval after the last write is over
        while not self._closed:
            self._something.wait()
            self._hurry.wait(max(min(_GATHER, self.settings.flush_interval), due - time.monotonic()))
            self._hurry.clear()
            self._something.clear()
            with self._changed:
                ticket = self._asked
            self._awake = False  # from here on a new item wakes again; what came before is drained below
            try:
                self._drain()
            except Exception:  # noqa: BLE001 -- the thread must live on, and the application must not see it
                _log.exception("otel-i2e could not record; this is a defect in otel-i2e")
            due = time.monotonic() + self.settings.flush_interval
            with self._changed:
                self._answered = ticket
                self._changed.notify_all()

    def _drain(self) -> None:
        with self._draining:
            if not (self._spans or self._logs or self.counts):
                return
            encoder = self._encoder = self._encoder or self._new_encoder()
            while self._spans:
                self._store("traces", *self._encoded(self._spans, encoder.traces))
            while self._logs:
                self._store("logs", *self._encoded(self._logs, encoder.logs))
            self._report(encoder)

    def _encoded(self, queue: deque[Any], encode: Callable[[list[Any]], tuple[bytes, int]]) -> tuple[bytes, int]:
        """The next request. Two of them joined are one with the spans of both, so chunks are simply joined."""
        bodies: list[bytes] = []
        size = items = 0
        while queue and size < _PUT_BYTES:
            body, taken = encode([queue.popleft() for _ in range(min(_CHUNK, len(queue)))])
            bodies.append(body)
            size += len(body)
            items += taken
        return b"".join(bodies), items

    def _store(self, signal: Signal, body: bytes, items: int) -> None:
        if not items:
            return
        self._under_way = items
        try:
            self._put(signal, body, items)
        except SpoolFull:
            self._lose("spool full", items)
        except Exception as error:  # noqa: BLE001 -- whatever a disk does, it must not reach the application
            reason = getattr(error, "reason", "") or type(error).__name__
            self._lose(f"disk error: {reason}", items, remedy=getattr(error, "remedy", ""))
            _log.debug("otel-i2e: %s", error)
        else:
            if self._on_stored is not None:
                self._on_stored()
        finally:
            self._under_way = 0

    def _put(self, signal: Signal, body: bytes, items: int) -> None:
        spool = self._opened()
        try:
            spool.put(body, signal=signal, items=items)
        except SpoolFull:
            raise
        except SpoolError:  # once more: the spool opens its file anew after an error
            spool.put(body, signal=signal, items=items)

    def _new_encoder(self) -> Encoder:
        with fork_guard:  # a child forked during an import would have half a module
            from otel_i2e.capture.encode import Encoder

            if self.settings.redacts:
                from otel_i2e.redact import make_redactor

                self._redactor = make_redactor(self.settings.redact)
                if self._redactor is not None:
                    self._redactor.load()
        return Encoder(
            max_content_bytes=self.settings.recorded_bytes,
            content=self.settings.capture == "full",
            service=self.settings.service,
            environment=self.settings.environment,
            redactor=self._redactor,
        )

    def _opened(self) -> Spool:
        if self._spool is None:
            with fork_guard:  # a child forked during an import would have half a module
                from otel_i2e.spool import Spool

            self._spool = Spool(self.spool_path, max_bytes=self.settings.spool_max_bytes)
        return self._spool

    def _report(self, encoder: Encoder) -> None:
        """Count what the encoder and the redactor met, and move all counts into the spool's counters."""
        counts = encoder.take_counts()
        if counts["lost"]:
            self._lose("unencodable", counts["lost"])
        if counts["incomplete"]:
            self._counts.add("incomplete", "a span could not be completed", counts["incomplete"])
        if counts["replaced"]:
            self._counts.add("replaced", "value of an unknown type", counts["replaced"])
        if self._redactor is not None:
            for (counter, reason), n in self._redactor.take_counts().items():
                self._counts.add(counter, reason, n, aloud=counter != "redacted")  # secrets are found every day
        self._counts.move_into(self._opened)

    # Beginnings

    def _begin(self) -> None:
        self._closed = self._held = False
        self._exit_budget = self.settings.exit_timeout
        self._spans: deque[Any] = deque()
        self._logs: deque[Any] = deque()
        self._limit = self.settings.queue_spans
        self._high = min(_HIGH, self._limit // 2)
        self._lock = threading.Lock()
        self._draining = threading.Lock()
        self._changed = threading.Condition()
        self._something = threading.Event()
        self._hurry = threading.Event()
        self._awake = False
        self._thread: threading.Thread | None = None
        self._asked = self._answered = 0
        self._under_way = 0  # items that are being put
        self._counts = Counts(self.spool_path)
        self._encoder: Encoder | None = None
        self._redactor: Redactor | None = None

    # Forks

    def before_fork(self, wait: float) -> None:
        """Close the spool's connection, and open none until the fork is done; after `wait` seconds it goes ahead.

        SQLite believes that a child's new connection shares the locks of an inherited one, so that the
        parent, closing later, would throw away what the child wrote.
        """
        self._held = self._draining.acquire(timeout=wait)
        if self._held and self._spool is not None:
            self._spool.close()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._held:
            self._held = False
            self._draining.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: the parent writes what the parent recorded."""
        _left_behind.append(self._spool)
        self._spool = None
        self.open_spans = None
        self._begin()
