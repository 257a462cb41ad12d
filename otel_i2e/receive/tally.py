"""The receiver's own counters: kept in memory, added to the spool's durable ones about once a second.

`i2e status` shows them, and so does any OpenTelemetry MeterProvider that is set: `i2e.spool.counter`
gives every durable counter, `i2e.spool.items`, `.bytes` and `.age` what waits.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from opentelemetry import metrics

from otel_i2e.errors import SpoolError
from otel_i2e.spool import Spool, SpoolStats

__all__ = ["Tally", "observe_spool"]

_EVERY: Final = 1.0


class Tally:
    """Counts without waiting for a disk. `start` and `stop` its thread; `stop` writes what is left."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otel-i2e-tally", daemon=True)

    def add(self, counter: str, reason: str = "", n: int = 1) -> None:
        """Add `n` to a counter: `refused` (requests); `received`, `rejected` (items) of what the spool never sees."""
        if n:
            with self._lock:
                self._counts[counter, reason] += n

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def flush(self) -> None:
        """Write what is left; what cannot be written now is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        while counts:
            (counter, reason), n = counts.popitem()
            try:
                self._spool.count(counter, reason, n)
            except SpoolError:
                counts[counter, reason] += n
                with self._lock:
                    self._counts += counts
                return

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self.flush()


def observe_spool(spool: Spool, provider: metrics.MeterProvider | None = None) -> None:
    """Offer the spool's counters and backlog to `provider`, or else to that of this process, if it has one."""
    meter = metrics.get_meter("otel_i2e.receive") if provider is None else provider.get_meter("otel_i2e.receive")
    read = _gauge(spool)
    meter.create_observable_counter("i2e.spool.counter", [_counters(spool)], "1", "Durable counters, by reason.")
    meter.create_observable_gauge("i2e.spool.items", [read(lambda s: s.items)], "1", "Spans and log records waiting.")
    meter.create_observable_gauge("i2e.spool.bytes", [read(lambda s: s.bytes)], "By", "Size of what waits.")
    meter.create_observable_gauge("i2e.spool.age", [read(lambda s: s.oldest_seconds or 0.0)], "s", "Age of the oldest.")


def _counters(spool: Spool) -> Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]:
    def observe(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        with suppress(SpoolError):  # a metric that cannot be read is absent, not zero
            for (counter, reason), n in spool.counters().items():
                yield metrics.Observation(n, {"counter": counter, "reason": reason})

    return observe


def _gauge(
    spool: Spool,
) -> Callable[[Callable[[SpoolStats], float]], Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]]:
    def of(field: Callable[[SpoolStats], float]) -> Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]:
        def observe(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
            with suppress(SpoolError):  # as above
                yield metrics.Observation(field(spool.stats()))

        return observe

    return of
