"""Bodies made to hurt: bombs, too much, without end, lying about their length."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import psutil
import pytest

from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess

MIB = 1 << 20
LIMIT = 20 * MIB
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Generator[ReceiverProcess]:
    """One receiver for all of them, warmed up."""
    with ReceiverProcess(tmp_path_factory.mktemp("bodies") / "s.duckdb", "--no-ingest") as running:
        for _ in range(20):
            assert _post(running, traces_request(span_ids(10))) == 200
        yield running


def _packed(mebibytes: int, wbits: int) -> bytes:
    """So many MiB of zeros as one stream: a block that stands for itself is written once and repeated."""
    stream = zlib.compressobj(9, zlib.DEFLATED, wbits)
    head = stream.compress(bytes(MIB)) + stream.flush(zlib.Z_FULL_FLUSH)
    block = stream.compress(bytes(MIB)) + stream.flush(zlib.Z_FULL_FLUSH)
    return head + block * (mebibytes - 1) + stream.flush()


GZIP, DEFLATE = 31, 15


def _post(receiver: ReceiverProcess, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(receiver.http).netloc, timeout=30)
    try:
        connection.request(
            "POST", "/v1/traces", body, {**PROTOBUF, **{k.replace("_", "-"): v for k, v in headers.items()}}
        )
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def growth(receiver: ReceiverProcess) -> Generator[Callable[[], int]]:
    """Inside, watches its resident memory; gives the peak's growth in bytes."""
    process = psutil.Process(receiver.process.pid)
    before = peak = process.memory_info().rss
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: peak - before
    finally:
        ended.set()
        watcher.join()


@contextmanager
def healthy_client(receiver: ReceiverProcess) -> Generator[list[float]]:
    """Inside, a client that sends small requests, one after another; gives the seconds that each took."""
    took: list[float] = []
    ended = threading.Event()

    def send() -> None:
        while not ended.is_set():
            began = time.perf_counter()
            assert _post(receiver, traces_request(span_ids(1))) == 200
            took.append(time.perf_counter() - began)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield took
    finally:
        ended.set()
        sender.join()


BOMBS = {
    "gzip, 1 GiB": (lambda: _packed(1024, GZIP), "gzip", 413),
    "deflate, 1 GiB": (lambda: _packed(1024, DEFLATE), "deflate", 413),
    "gzip in gzip, named once": (lambda: gzip.compress(_packed(1024, GZIP)), "gzip", 400),
    "gzip in gzip, named twice": (lambda: gzip.compress(_packed(1024, GZIP)), "gzip, gzip", 415),
    "gzip of 20 MiB + 1": (lambda: gzip.compress(bytes(LIMIT + 1)), "gzip", 413),
    "identity of 20 MiB + 1": (lambda: bytes(LIMIT + 1), "identity", 413),
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_ends_at_the_limit(receiver: ReceiverProcess, name: str) -> None:
    """Four at once: refused, memory grows by less than 64 MiB, and another client is served meanwhile."""
    make, coding, expected = BOMBS[name]
    body = make()
    answers: list[int] = []
    waiting = receiver.waiting()
    with growth(receiver) as grown, healthy_client(receiver) as took:
        bombs = [
            threading.Thread(target=lambda: answers.append(_post(receiver, body, content_encoding=coding)))
            for _ in range(4 if coding != "identity" else 1)
        ]
        for bomb in bombs:
            bomb.start()
        for bomb in bombs:
            bomb.join()
    print(
        f"{len(answers)} × {name}: {len(body):,} bytes sent, {expected}, RSS grew {grown() / MIB:.1f} MiB, "
        f"{len(took)} requests of another client taken, {max(took):.3f} s at most"
    )
    assert set(answers) == {expected}
    assert grown() < 64 * MIB
    assert took
    assert receiver.waiting() == waiting + len(took)


def test_a_bomb_over_grpc_ends_at_the_limit(receiver: ReceiverProcess) -> None:
    """Refused for good, not for later."""
    body = bytes(64 * MIB)
    with growth(receiver) as grown, grpc.insecure_channel(urlsplit(receiver.grpc).netloc) as channel:
        call: Any = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- bytes in and out
        with pytest.raises(grpc.RpcError) as caught:
            call(body, compression=grpc.Compression.Gzip)
    error: Any = caught.value
    print(f"gRPC bomb: {error.code()}, RSS grew {grown() / MIB:.1f} MiB")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert grown() < 64 * MIB


def test_a_body_of_exactly_the_limit_passes(receiver: ReceiverProcess) -> None:
    """20 MiB is allowed; one byte more is not (above)."""
    overhead = len(traces_request(span_ids(1), content="x" * LIMIT)) - LIMIT
    body = traces_request(span_ids(1), content="x" * (LIMIT - overhead))
    assert len(body) == LIMIT
    assert _post(receiver, body) == 200


def _raw(receiver: ReceiverProcess) -> socket.socket:
    address = urlsplit(receiver.http)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)


HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"


def test_a_chunked_body_without_end_is_cut_off(receiver: ReceiverProcess) -> None:
    """413 once it is larger than the limit; then the connection ends."""
    chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    sent = 0
    with growth(receiver) as grown, healthy_client(receiver) as took, _raw(receiver) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 1024:
                connection.sendall(chunk)
                sent += 1
        except OSError:  # the connection ended
            pass
    print(
        f"endless chunked body: cut off after {sent} MiB, RSS grew {grown() / MIB:.1f} MiB, "
        f"{len(took)} requests of another client taken, {max(took):.3f} s at most"
    )
    assert sent < 200
    assert grown() < 64 * MIB


def test_the_answer_to_an_endless_body_is_413(receiver: ReceiverProcess) -> None:
    """A sender that stops to listen hears why."""
    chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    with _raw(receiver) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 21)
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
    print("21 MiB in chunks, then silence: 413")


@pytest.mark.parametrize(
    ("declared", "sent", "statuses"),
    [
        (b"999999999999", b"", {b"413"}),
        (b"-1", b"x", {b"400"}),
        (b"abc", b"x", {b"400"}),
        (b"3", b"x" * 5000, {b"400"}),
        (b"10\r\nContent-Length: 20", b"x" * 20, {b"400"}),
    ],
    ids=lambda value: value.decode()[:12] if isinstance(value, bytes) else "",
)
def test_a_lying_content_length_is_refused(
    receiver: ReceiverProcess, declared: bytes, sent: bytes, statuses: set[bytes]
) -> None:
    """Too much, negative, no number, less than comes, and two that differ."""
    waiting = receiver.waiting()
    with growth(receiver) as grown, _raw(receiver) as connection:
        connection.sendall(HEAD + b"Content-Length: " + declared + b"\r\n\r\n" + sent)
        status = connection.recv(4096).split(b" ")[1]
    print(f"lying Content-Length {declared[:12].decode()!r}: {status.decode()}, RSS grew {grown() / MIB:.1f} MiB")
    assert status in statuses
    assert grown() < 64 * MIB
    assert receiver.waiting() == waiting


def test_a_body_shorter_than_declared_is_not_kept(receiver: ReceiverProcess) -> None:
    """Even when what came is a whole request by itself."""
    waiting = receiver.waiting()
    body = traces_request(span_ids(3))
    with _raw(receiver) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) + body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert _post(receiver, traces_request(span_ids(1))) == 200
    assert receiver.waiting() == waiting + 1


def test_headers_without_end_are_cut_off(receiver: ReceiverProcess) -> None:
    """They are not gathered in memory."""
    sent = 0
    with growth(receiver) as grown, _raw(receiver) as connection:
        connection.sendall(HEAD)
        try:
            while sent < 100_000:
                connection.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
                sent += 1
        except OSError:
            pass
    print(f"endless headers: cut off after {sent} kB, RSS grew {grown() / MIB:.1f} MiB")
    assert sent < 100_000
    assert grown() < 64 * MIB


def test_it_still_serves_after_all_this(receiver: ReceiverProcess, tmp_path: Path) -> None:
    """The same process."""
    assert tmp_path.exists()
    assert receiver.process.poll() is None
    assert _post(receiver, traces_request(span_ids(1))) == 200
