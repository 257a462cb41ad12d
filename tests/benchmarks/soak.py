"""The receiver over minutes at half its capacity: acknowledge latency, memory, spool, and that every span arrives.

    python tests/benchmarks/soak.py [--minutes 0.5] [--batch 50]

Measures what it takes for some seconds, then sends at half that rate. A line every tenth of the time; at the end the
slope of resident memory of the receiver and its ingester, over the second half, in MiB an hour.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from receiver import request

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

SENDERS = 4
LINES = 10
MIB = 1 << 20


class Load:
    """Four senders; `pause` is what each waits between two starts of a request, in seconds."""

    def __init__(self, receiver: ReceiverProcess, batch: int, pause: float) -> None:
        self.took: list[float] = []
        self.spans = 0
        self._receiver, self._batch, self._pause = receiver, batch, pause
        self._lock = threading.Lock()

    def run(self, seconds: float) -> None:
        """For so long."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(SENDERS) as senders:
            for running in [senders.submit(self._send, until) for _ in range(SENDERS)]:
                running.result()

    def _send(self, until: float) -> None:
        connection = http.client.HTTPConnection(urlsplit(self._receiver.http).netloc, timeout=30)
        start = time.monotonic()
        while start < until:
            body = request(self._batch)
            began = time.perf_counter()
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            answer.read()
            with self._lock:
                self.took.append(time.perf_counter() - began)
                self.spans += self._batch if answer.status == 200 else 0
            start = start + self._pause if self._pause else time.monotonic()
            time.sleep(max(0.0, start - time.monotonic()))
        connection.close()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--batch", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ReceiverProcess(Path(folder) / "s.duckdb") as receiver:
        sent = soak(receiver, given.minutes * 60, given.batch)
        began = time.monotonic()
        settings = Settings(store=str(receiver.store))
        assert drain(settings, 600), "the spool does not become empty"
        with Store.of(settings).read() as reader:
            ((rows,),) = [row.values() for row in reader.rows("SELECT count(*) AS n FROM span_rows")]
        print(f"{sent:,} spans sent, {rows:,} rows stored, the last after {time.monotonic() - began:.1f} s")
        assert rows == sent


def soak(receiver: ReceiverProcess, seconds: float, batch: int) -> int:
    """Spans that were acknowledged."""
    probe = Load(receiver, batch, 0.0)
    probe.run(min(10.0, seconds / 6))
    rate = probe.spans / min(10.0, seconds / 6)
    print(f"takes {rate:,.0f} spans/s from senders here; soaking at half of that for {seconds:.0f} s")
    load = Load(receiver, batch, SENDERS * batch / (rate / 2))
    points: list[tuple[float, float]] = []
    for line in range(LINES):
        load.took.clear()
        load.run(seconds / LINES)
        memory = _memory(receiver) / MIB
        points.append((line * seconds / LINES, memory))
        p50, p99 = (statistics.quantiles(load.took, n=100)[at - 1] * 1e3 for at in (50, 99))
        waiting = receiver.waiting()
        print(f"{points[-1][0]:6.0f} s  ack p50 {p50:5.1f} p99 {p99:6.1f} ms  RSS {memory:5.0f} MiB  {waiting:,} wait")
    times, memories = zip(*points[LINES // 2 :], strict=True)
    slope = statistics.linear_regression(times, memories).slope * 3600
    print(f"RSS slope over the second half: {slope:+.0f} MiB an hour")
    return probe.spans + load.spans


def _memory(receiver: ReceiverProcess) -> int:
    process = psutil.Process(receiver.process.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


if __name__ == "__main__":
    main()
