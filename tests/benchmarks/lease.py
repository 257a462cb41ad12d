"""What leases cost: many small ones, one after another, into one growing file; and reading it.

    python tests/benchmarks/lease.py [--spans 10000] [--batch 100] [--processes 1]

Spans of about 5 KB are written `--batch` at a time, each in a lease of its own: CPU per span, how long a
lease takes (median, 95 %, longest), bytes per span at the end; then how long opening for reading takes, and
some queries. With `--processes` several write at once, each its share.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ingest_cpu import request

from otel_i2e.models import SpanRow
from otel_i2e.normalize import decode_traces, normalize_span
from otel_i2e.store import Store

POOL = 2000
QUERIES = {
    "count": "SELECT count(*) FROM spans",
    "latest 50 spans": "SELECT trace_id, name FROM spans ORDER BY start_time DESC LIMIT 50",
    "text search": "SELECT count(*) FROM spans WHERE contains(output_text, 'zzz')",
    "group by prompt and model": "SELECT prompt_name, response_model, count(*), sum(cost_usd) FROM llm_calls "
    "GROUP BY ALL",
    "an attribute": "SELECT count(*) FROM spans WHERE attributes ->> '$.\"server.address\"' = 'x'",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=10_000, help="spans in all")
    parser.add_argument("--batch", type=int, default=100, help="spans in a lease")
    parser.add_argument("--processes", type=int, default=1, help="processes that write at once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.duckdb"
        leases = given.spans // given.batch // given.processes
        began = time.monotonic()
        with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
            work = [(path, worker, leases, given.batch) for worker in range(given.processes)]
            results = pool.starmap(write, work)
        report(given, path, results, time.monotonic() - began)
        read(path)


def write(path: Path, worker: int, leases: int, batch: int) -> tuple[float, list[float]]:
    """CPU seconds of this process, and seconds of each lease."""
    pool = [normalize_span(raw) for raw in decode_traces(request(random.Random(worker), 0, POOL), "protobuf")]
    store = Store(path, lock_timeout=600)
    taken: list[float] = []
    cpu = time.process_time()
    for lease in range(leases):
        began = time.monotonic()
        with store.write() as writer:
            writer.add_spans([fresh(pool[(lease * batch + n) % POOL], worker, lease, n) for n in range(batch)])
        taken.append(time.monotonic() - began)
    return time.process_time() - cpu, taken


def fresh(row: SpanRow, worker: int, lease: int, number: int) -> SpanRow:
    """The row as a span of its own, later than the ones before."""
    later = lease * 1_000_000 + number
    ids = {"trace_id": f"{worker:08x}{lease:016x}{number:08x}", "start_time": row["start_time"] + later}
    return {**row, **ids, "end_time": row["end_time"] + later}


def report(given: argparse.Namespace, path: Path, results: list[tuple[float, list[float]]], wall: float) -> None:
    """One line."""
    taken = sorted(seconds for _, leases in results for seconds in leases)
    spans = len(taken) * given.batch
    print(
        f"{spans:,} spans, {given.batch} a lease, {given.processes} processes, {wall:.1f} s: "
        f"{sum(cpu for cpu, _ in results) / spans * 1e6:,.0f} µs CPU a span; a lease takes "
        f"{statistics.median(taken) * 1e3:.0f} ms (95 %: {taken[int(len(taken) * 0.95)] * 1e3:.0f}, "
        f"longest: {taken[-1] * 1e3:.0f}); {path.stat().st_size / spans:,.0f} bytes a span"
    )


def read(path: Path) -> None:
    """Opening, and some queries: the best of three."""
    store = Store(path)
    print(f"  open for reading and close {best(lambda: opened(store)) * 1e3:8.1f} ms")
    for name, sql in QUERIES.items():
        print(f"  {name:26} {best(lambda sql=sql: store.query(sql, timeout=60, max_rows=100)) * 1e3:8.1f} ms")
    print(f"  {'50 latest traces':26} {best(lambda: latest(store)) * 1e3:8.1f} ms")


def opened(store: Store) -> None:
    """A read lease with nothing in it."""
    with store.read():
        pass


def latest(store: Store) -> None:
    """What `i2e traces --limit 50` asks."""
    with store.read() as reader:
        reader.latest_traces(limit=50)


def best(step: Callable[[], object]) -> float:
    """Seconds of the quickest of three."""
    quickest = float("inf")
    for _ in range(3):
        began = time.monotonic()
        step()
        quickest = min(quickest, time.monotonic() - began)
    return quickest


if __name__ == "__main__":
    main()
