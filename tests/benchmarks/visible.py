"""Seconds from the end of a span in the application until its row is in the store, at defaults.

    python tests/benchmarks/visible.py [--seconds 20] [--rate 5]

One process makes spans at a steady rate with `import otel_i2e.auto`; this one reads the store in a loop, as any
DuckDB client would. Beside the delay stands the CPU of the application's process, and of the same process with
I2E_INGEST=off, as shares of one core.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from otel_i2e.errors import I2EError
from otel_i2e.store import Store

TARGET = 2.0


def make(seconds: float, rate: float) -> None:
    """The application: spans whose names say when they ended; at the end, its share of a core."""
    from opentelemetry import trace

    import otel_i2e.auto  # noqa: F401  # pyright: ignore[reportUnusedImport] -- the one import

    tracer = trace.get_tracer("benchmark")
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    for i in range(int(seconds * rate)):
        time.sleep(max(0.0, begun + i / rate - time.monotonic()))
        with tracer.start_as_current_span("chat", attributes={"gen_ai.operation.name": "chat"}) as span:
            span.set_attribute("gen_ai.input.messages", f"question {i} " * 300)
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(spent / (time.monotonic() - begun))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="how long spans are made")
    parser.add_argument("--rate", type=float, default=5, help="spans a second")
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(given.seconds, given.rate)
        return
    delays, share = watch(given, "on")
    print(f"{len(delays)} spans at {given.rate:g}/s; end of span to row visible:")
    quantiles = statistics.quantiles(delays, n=20)
    print(f"  median {statistics.median(delays):.2f} s (target {TARGET:g} s), 95th percentile {quantiles[18]:.2f} s")
    print(f"  CPU of the application: {share:.1%} of a core; with I2E_INGEST=off {watch(given, 'off')[1]:.1%}")


def watch(given: argparse.Namespace, ingest: str) -> tuple[list[float], float]:
    """Delays of all spans in seconds, and the application's share of a core."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "i2e.duckdb"
        environment = {**os.environ, "I2E_STORE": str(path), "I2E_INGEST": ingest}
        command = [sys.executable, __file__, "--make", "--seconds", str(given.seconds), "--rate", str(given.rate)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as application:
            seen: dict[str, float] = {}
            while ingest == "on" and (application.poll() is None or not seen):
                look(path, seen)
                time.sleep(0.05)
            share = float(application.communicate()[0])
    return list(seen.values()), share


def look(path: Path, seen: dict[str, float]) -> None:
    """Note how old each span that is new in the store is now."""
    if not path.exists():
        return
    try:
        with Store(path).read() as reader:
            rows = reader.rows("SELECT span_id, epoch(end_time) AS ended FROM spans")
    except I2EError:  # the very first lease is still making the tables
        return
    now = time.time()
    for row in rows:
        seen.setdefault(row["span_id"], now - row["ended"])


if __name__ == "__main__":
    main()
