"""Clients that send one byte a second do not make others wait."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess

HEAD = (
    b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
    b"Content-Length: 100000\r\n\r\n"
)
ROUNDS = 3


@contextmanager
def slow_clients(receiver: ReceiverProcess, count: int) -> Generator[list[socket.socket]]:
    """So many connections; half are slow in their headers, half in their body."""
    address = urlsplit(receiver.http)
    connections: list[socket.socket] = []
    for number in range(count):
        connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)
        connection.sendall(HEAD if number % 2 else HEAD[:40])
        connections.append(connection)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(1.0):
            for connection in connections:
                connection.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield connections
    finally:
        ended.set()
        dripping.join()
        for connection in connections:
            connection.close()


def _latency(connection: http.client.HTTPConnection, body: bytes) -> float:
    began = time.perf_counter()
    connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    return time.perf_counter() - began


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def test_a_healthy_client_does_not_notice(tmp_path: Path, full: bool) -> None:
    """Its p99 stays under twice that of a receiver without slow clients, asked in turns with it.

    The better of a few rounds counts, because this machine has other work too.
    """
    count, asks = (1_000, 1_000) if full else (100, 300)
    _allow_files(2 * count + 500)
    body = traces_request(span_ids(1))
    ratios: list[float] = []
    with (
        ReceiverProcess(tmp_path / "a.duckdb", "--no-ingest") as busy,
        ReceiverProcess(tmp_path / "b.duckdb", "--no-ingest") as idle,
        slow_clients(busy, count),
    ):
        to = [http.client.HTTPConnection(urlsplit(r.http).netloc, timeout=30) for r in (busy, idle)]
        for _ in range(ROUNDS):
            took: list[list[float]] = [[], []]
            for _ in range(asks):
                for mine, connection in zip(took, to, strict=True):
                    mine.append(_latency(connection, body))
            ratios.append(_p99(took[0]) / _p99(took[1]))
            print(f"{count} slow clients: p99 {_p99(took[0]) * 1e3:.1f} ms, without {_p99(took[1]) * 1e3:.1f} ms")
            if ratios[-1] < 2:
                break
        for connection in to:
            connection.close()
    print(f"{count} slow clients: ratio {min(ratios):.2f}, must be under 2")
    assert min(ratios) < 2


def _allow_files(count: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
