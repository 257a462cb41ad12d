"""The receiver over minutes at half of what it sustains: acknowledge latency, memory, backlog, and no span missing.

    python tests/benchmarks/soak.py [--minutes 0.5] [--batch 50]

First it takes requests as fast as it answers, until all of them can be queried: that rate, from the first request to
the last row, is what it sustains. Then it gets half of that. The first third of the time is warm-up; of what follows
there is a line for every tenth, and at the end the slope of resident memory of the receiver and its ingester together.
"""

from __future__ import annotations

import argparse
import http.client
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from receiver import request, stored, wait_for

from otel_i2e.testing.receiver_process import ReceiverProcess

SENDERS = 4
LINES = 10
WARM_UP = 1 / 3
PROBE_SECONDS = 10.0
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
        message = ExportTraceServiceRequest.FromString(request(self._batch))
        start = time.monotonic()
        while start < until:
            body = anew(message)
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


def anew(message: Any) -> bytes:
    """The same request with other ids, at this time: making its texts anew would cost more than taking it."""
    for span in message.resource_spans[0].scope_spans[0].spans:
        span.trace_id, span.span_id = secrets.token_bytes(16), secrets.token_bytes(8)
        span.start_time_unix_nano = time.time_ns()
        span.end_time_unix_nano = span.start_time_unix_nano + 10**9
        for pair in span.attributes:
            if pair.key == "gen_ai.response.id":
                pair.value.string_value = "msg_" + secrets.token_hex(12)
    return message.SerializeToString()


class Memory:
    """Resident memory of the receiver and its ingester, twice a second, while inside."""

    def __init__(self, receiver: ReceiverProcess) -> None:
        self.points: list[tuple[float, float, float]] = []
        """Seconds, MiB of the receiver, MiB of its ingester."""
        self._process = psutil.Process(receiver.process.pid)
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watching.join()

    def slope(self, of: int) -> float:
        """MiB an hour of the receiver (1) or its ingester (2)."""
        return statistics.linear_regression([p[0] for p in self.points], [p[of] for p in self.points]).slope * 3600

    def part(self, begin: float, end: float) -> tuple[float, float]:
        """Medians of both in a part of the time, given in shares of it, in MiB."""
        count = len(self.points)
        points = self.points[int(begin * count) : int(end * count)]
        return statistics.median(p[1] for p in points), statistics.median(p[2] for p in points)

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            own = self._process.memory_info().rss / MIB
            children = self._process.children(recursive=True)
            self.points.append((time.monotonic(), own, sum(one.memory_info().rss for one in children) / MIB))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--batch", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ReceiverProcess(Path(folder) / "s.duckdb") as receiver:
        rows = lambda: stored(receiver.store)  # noqa: E731 -- a question, asked again and again
        probe, rate = sustained(receiver, given.batch, min(PROBE_SECONDS, given.minutes * 10), rows)
        load = Load(receiver, given.batch, SENDERS * given.batch / (rate / 2))
        soak(receiver, load, given.minutes * 60)
        began = time.monotonic()
        sent = probe + load.spans
        wait_for(rows, sent)
        took = time.monotonic() - began
        time.sleep(1)  # for rows that should not be
        print(f"{sent:,} spans acknowledged, {rows():,} rows; the last could be queried {took:.1f} s later")
        assert rows() == sent


def sustained(receiver: ReceiverProcess, batch: int, seconds: float, rows: Callable[[], int]) -> tuple[int, float]:
    """Spans that were sent, and how many a second became rows."""
    first = Load(receiver, batch, 0.0)
    first.run(1.0)  # what is loaded once
    wait_for(rows, first.spans)
    probe = Load(receiver, batch, 0.0)
    began = time.monotonic()
    probe.run(seconds)
    acknowledged = probe.spans / (time.monotonic() - began)
    wait_for(rows, first.spans + probe.spans)
    rate = probe.spans / (time.monotonic() - began)
    print(f"acknowledges {acknowledged:,.0f} spans/s, sustains {rate:,.0f} spans/s to rows that can be queried")
    return first.spans + probe.spans, rate


def soak(receiver: ReceiverProcess, load: Load, seconds: float) -> None:
    """Warm up, then measure; a line every tenth of the time."""
    print(f"soaking at half of that for {seconds:.0f} s, the first {seconds * WARM_UP:.0f} s are warm-up")
    load.run(seconds * WARM_UP)
    waiting: list[int] = []
    everything: list[float] = []
    with Memory(receiver) as memory:
        for line in range(LINES):
            load.took.clear()
            before, began = load.spans, time.monotonic()
            load.run(seconds * (1 - WARM_UP) / LINES)
            everything += load.took
            waiting.append(receiver.waiting())
            p50, p99 = percentiles(load.took)
            rate = (load.spans - before) / (time.monotonic() - began)
            at, (_, own, child) = seconds * (WARM_UP + (1 - WARM_UP) * (line + 1) / LINES), memory.points[-1]
            print(
                f"{at:6.0f} s  {rate:6,.0f} spans/s  ack p50 {p50:5.1f} p99 {p99:6.1f} ms  "
                f"RSS {own:4.0f} + {child:4.0f} MiB  {waiting[-1]:,} wait"
            )
    p50, p99 = percentiles(everything)
    print(f"after warm-up: ack p50 {p50:.1f} ms, p99 {p99:.1f} ms; backlog {max(waiting):,} spans at most")
    first, last = memory.part(0, 0.25), memory.part(0.75, 1)
    for number, name in ((1, "receiver"), (2, "ingester")):
        print(
            f"RSS of the {name}: median {first[number - 1]:.0f} MiB in the first quarter, "
            f"{last[number - 1]:.0f} in the last; slope {memory.slope(number):+.0f} MiB an hour"
        )


def percentiles(took: list[float]) -> tuple[float, float]:
    """Median and 99th percentile, in ms."""
    cuts = statistics.quantiles(took, n=100)
    return cuts[49] * 1e3, cuts[98] * 1e3


if __name__ == "__main__":
    main()
