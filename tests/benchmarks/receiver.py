"""The receiver: how long an acknowledgement takes, how many spans a second become rows, where the rest goes.

    python tests/benchmarks/receiver.py [--spans 20000] [--batch 100] [--peers]

Four senders post OTLP/HTTP protobuf requests of LLM spans of about 5 KB as fast as they are answered, then time runs
until the last span can be queried. `--peers` runs Arize Phoenix and MLflow from PyPI on the same requests, each in a
virtual environment of its own under `--venvs`, and prints ratios of speed, bytes and memory; memory at 100,000 spans
is that of `--spans 100000`.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
from ingest_cpu import request as one_request

SENDERS = 4
_random = random.Random(7)
_starts = itertools.count()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spans", type=int, default=20_000)
    parser.add_argument("--peer-spans", type=int, default=1_000, help="Peers are slow: fewer spans, the same requests.")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "i2e-peers")
    given = parser.parse_args()
    requests = [request(given.batch) for _ in range(given.spans // given.batch)]
    print(f"{given.spans:,} spans in requests of {given.batch}, {len(requests[0]) / given.batch:,.0f} bytes a span")
    stages(requests[: max(1, 2_000 // given.batch)], given.batch)
    ours = otel_i2e(requests, given.batch)
    half_load(requests, given.batch, ours.rate / 2)
    if given.peers:
        few = requests[: max(1, given.peer_spans // given.batch)]
        for name, run in (("Phoenix 20", phoenix), ("MLflow 3.17", mlflow)):
            theirs = run(few, given.batch, given.venvs)
            print(
                f"{name}: {theirs.rate:,.0f} spans/s, {theirs.size:,.0f} bytes a span, {theirs.memory:,.0f} MiB "
                f"resident after {len(few) * given.batch:,} spans; otel-i2e is {ours.rate / theirs.rate:.0f} times "
                f"as fast, bytes {ours.size / theirs.size:.3f}x, memory {ours.memory / theirs.memory:.2f}x"
            )


def request(spans: int) -> bytes:
    """One request of that many chat spans of a support agent, as `ingest_cpu.py` has them."""
    return one_request(_random, next(_starts) * 1_000, spans)


def stages(requests: Sequence[bytes], batch: int) -> None:
    """CPU microseconds a span of each stage, by itself, on one thread."""
    from otel_i2e.normalize import decode_traces, normalize_span
    from otel_i2e.receive.examine import examined
    from otel_i2e.receive.services import TRACES
    from otel_i2e.spool import Spool
    from otel_i2e.store import Store
    from otel_i2e.workflows.otlp_json import read_json

    spans = len(requests) * batch
    with tempfile.TemporaryDirectory() as folder:
        spool, store = Spool(Path(folder) / "s"), Store(Path(folder) / "s.duckdb")
        with store.write():
            pass
        took: dict[str, float] = {}

        def timed(stage: str, work: Callable[[], Any]) -> Any:
            began = time.process_time()
            result = work()
            took[stage] = (time.process_time() - began) / spans * 1e6
            return result

        def insert(rows: Any) -> None:
            with store.write() as writer:
                writer.add_spans(rows)

        for span in decode_traces(requests[0], "protobuf"):  # what is loaded on first use counts for no stage
            normalize_span(span)
        timed("examine at the door", lambda: [examined(TRACES, "protobuf", r, read_json) for r in requests])
        timed("spool.put", lambda: [spool.put(r, items=batch) for r in requests])
        raw = timed("decode", lambda: [span for r in requests for span in decode_traces(r, "protobuf")])
        rows = timed("normalize", lambda: [normalize_span(span) for span in raw])
        for row in rows:
            row["duplicate_of"], row["ingested_at"] = None, time.time_ns() // 1000
        timed("insert, with its lease", lambda: insert(rows))
        spool.close()
    for stage, micros in took.items():
        print(f"  {stage:<24}{micros:8.1f} µs of CPU a span")
    print(f"  {'all':<24}{sum(took.values()):8.1f}")


class Measured(NamedTuple):
    """What a receiver did with the requests."""

    rate: float
    """Spans a second from the first request to the last row."""
    size: float
    """Bytes of its database for a span."""
    memory: float
    """MiB resident in all its processes, after the last row."""


def otel_i2e(requests: Sequence[bytes], batch: int) -> Measured:
    """`i2e serve` as it comes."""
    from otel_i2e.testing.receiver_process import ReceiverProcess

    with tempfile.TemporaryDirectory() as folder, ReceiverProcess(Path(folder) / "s.duckdb") as receiver:
        send(receiver.http, requests[:1])
        wait_for(lambda: stored(receiver.store), batch)
        began = time.perf_counter()
        took = send(receiver.http, requests[1:])
        sent = time.perf_counter() - began
        wait_for(lambda: stored(receiver.store), batch * len(requests))
        whole = time.perf_counter() - began
        memory = resident(receiver.process.pid)
        size = receiver.store.stat().st_size / (batch * len(requests))
    spans = batch * (len(requests) - 1)
    print(
        f"otel-i2e: acknowledged {spans / sent:,.0f} spans/s, queryable {spans / whole:,.0f} spans/s; at full load "
        f"p50 {statistics.median(took) * 1e3:.1f} ms, p99 {p99(took) * 1e3:.1f} ms a request; "
        f"{size:,.0f} bytes a span, {memory:,.0f} MiB resident"
    )
    return Measured(spans / whole, size, memory)


def half_load(requests: Sequence[bytes], batch: int, rate: float) -> None:
    """Acknowledge latency at `rate` spans a second."""
    from otel_i2e.testing.receiver_process import ReceiverProcess

    with tempfile.TemporaryDirectory() as folder, ReceiverProcess(Path(folder) / "s.duckdb") as receiver:
        send(receiver.http, requests[:1])
        wait_for(lambda: stored(receiver.store), batch)
        took = send(receiver.http, requests[1:], pause=SENDERS * batch / rate)
    print(f"at half of that: p50 {statistics.median(took) * 1e3:.1f} ms, p99 {p99(took) * 1e3:.1f} ms a request")


def phoenix(requests: Sequence[bytes], batch: int, venvs: Path) -> Measured:
    """Arize Phoenix with its SQLite default."""
    python = peer(venvs / "phoenix", "arize-phoenix==20.26.1")
    with tempfile.TemporaryDirectory() as folder:
        env = {"PHOENIX_WORKING_DIR": folder, "PHOENIX_PORT": "16006", "PHOENIX_GRPC_PORT": "16007"}
        url = "http://127.0.0.1:16006"
        with process([python, "-m", "phoenix.server.main", "serve"], env, url) as server:
            return measured(url, requests, batch, server.pid, database=Path(folder) / "phoenix.db")


def mlflow(requests: Sequence[bytes], batch: int, venvs: Path) -> Measured:
    """The MLflow tracking server with SQLite."""
    python = peer(venvs / "mlflow", "mlflow==3.17.*")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        command = [python, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}", "--port", "16008"]
        url = "http://127.0.0.1:16008"
        with process(command, {}, url) as server:
            headers = {"x-mlflow-experiment-id": "0"}
            return measured(url, requests, batch, server.pid, database=database, headers=headers)


def measured(
    url: str,
    requests: Sequence[bytes],
    batch: int,
    pid: int,
    *,
    database: Path,
    headers: dict[str, str] | None = None,
) -> Measured:
    """A peer that stores spans in a table `spans` of an SQLite file."""
    rows = lambda: sqlite_rows(database, "spans")  # noqa: E731 -- a question, asked again and again
    send(url, requests[:1], headers=headers)
    wait_for(rows, batch)
    began = time.perf_counter()
    send(url, requests[1:], headers=headers)
    wait_for(rows, batch * len(requests))
    rate = batch * (len(requests) - 1) / (time.perf_counter() - began)
    memory = resident(pid)
    with closing(sqlite3.connect(database, timeout=30)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return Measured(rate, database.stat().st_size / (batch * len(requests)), memory)


def send(
    url: str, requests: Sequence[bytes], *, pause: float = 0.0, headers: dict[str, str] | None = None
) -> list[float]:
    """Post them by `SENDERS` senders, each a request every `pause` seconds; the seconds that each answer took."""
    names = {"content-type": "application/x-protobuf", **(headers or {})}

    def sender(mine: Sequence[bytes]) -> list[float]:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)
        took: list[float] = []
        due = time.perf_counter() + random.random() * pause
        for body in mine:
            time.sleep(max(0.0, due - time.perf_counter()))
            due += pause
            began = time.perf_counter()
            connection.request("POST", "/v1/traces", body, names)
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{url} answered {answer.status}")
        connection.close()
        return took

    with ThreadPoolExecutor(SENDERS) as pool:
        return [
            seconds for took in pool.map(sender, [requests[n::SENDERS] for n in range(SENDERS)]) for seconds in took
        ]


def stored(path: Path) -> int:
    """Rows that a client sees now; 0 while somebody else holds the file."""
    from otel_i2e.store import Store

    if not path.exists():
        return 0
    with Store(path).read() as reader:
        return reader.rows("SELECT count(*) AS n FROM spans")[0]["n"]


def sqlite_rows(path: Path, table: str) -> int:
    """Rows of a peer's table."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def wait_for(rows: Callable[[], int], goal: int) -> None:
    """Until there are so many rows."""
    deadline = time.monotonic() + 600
    while rows() < goal:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{rows()} of {goal} rows after ten minutes")
        time.sleep(0.1)  # each look is a lease


def p99(values: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def resident(pid: int) -> float:
    """MiB of a process and its children."""
    return sum(process.memory_info().rss for process in family(pid)) / 2**20


def family(pid: int) -> list[psutil.Process]:
    """A process and its children."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def peer(folder: Path, package: str) -> str:
    """An interpreter that has `package`."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
    return str(python)


@contextmanager
def process(command: list[str], env: dict[str, str], url: str) -> Any:
    """A server that runs inside; waits until its port answers."""
    with tempfile.TemporaryFile() as output:
        running = subprocess.Popen(command, env={**os.environ, **env}, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 180
            while time.monotonic() < deadline:
                try:
                    http.client.HTTPConnection(urlsplit(url).netloc, timeout=5).connect()
                    break
                except OSError:
                    time.sleep(0.2)
            yield running
        finally:
            for one in family(running.pid):
                one.terminate()
            running.wait(60)


if __name__ == "__main__":
    sys.exit(main())
