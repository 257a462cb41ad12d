"""Broken requests by the thousand: only 2xx and 4xx, and no row from a bad one."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from otel_i2e.config import Settings
from otel_i2e.errors import DecodeError
from otel_i2e.normalize import decode_logs, decode_traces, refusal
from otel_i2e.receive.examine import readable
from otel_i2e.receive.services import LOGS, TRACES
from otel_i2e.spool import Encoding, Signal
from otel_i2e.store import Store
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

TYPES: dict[Encoding, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}
HEADERS = ("content-type", "content-encoding", "content-length", "host", "accept", "x-odd", "transfer-encoding")
TOKENS = [b"null", b"[]", b"{}", b'"x"', b"-1", b"1e999", b"true", b'"\\ud800"', b"NaN", b"18446744073709551616"]


def _mutated(body: bytes, luck: random.Random) -> bytes:
    """`body` with up to three wounds: cut, flipped, doubled, filled, swapped for a token of JSON."""
    wounded = bytearray(body)
    for _ in range(luck.randint(1, 3)):
        at = luck.randrange(len(wounded) + 1)
        match luck.randrange(6):
            case 0:
                del wounded[at:]
            case 1 if wounded:
                wounded[at % len(wounded)] ^= 1 << luck.randrange(8)
            case 2:
                wounded[at:at] = wounded[max(0, at - luck.randrange(64)) : at]
            case 3:
                wounded[at:at] = luck.randbytes(luck.randrange(16))
            case 4:
                end = min(len(wounded), at + luck.randrange(32))
                wounded[at:end] = luck.choice(TOKENS)
            case _:
                del wounded[at : at + luck.randrange(16)]
    return bytes(wounded)


def _bodies(count: int, luck: random.Random) -> Iterator[tuple[Signal, Encoding, bytes]]:
    seeds: list[tuple[Signal, Encoding, bytes]] = []
    for encoding in TYPES:
        seeds.append(("traces", encoding, traces_request(span_ids(2), encoding=encoding)))
        seeds.append(("logs", encoding, logs_request(["a", "b"], encoding=encoding)))
    for _ in range(count):
        signal, encoding, body = luck.choice(seeds)
        yield signal, encoding, luck.randbytes(luck.randrange(200)) if luck.random() < 0.1 else _mutated(body, luck)


def _storable(signal: Signal, encoding: Encoding, body: bytes) -> set[str]:
    """The span ids that may become rows: none from what does not decode.

    Of protobuf, what decodes is said by each part alone: text that is no UTF-8 is mended, a broken span left out.
    """
    service = TRACES if signal == "traces" else LOGS
    for tried in (body, parts.body if (parts := readable(service, encoding, body)) is not None else b"\xff"):
        with suppress(DecodeError):
            if signal == "logs":
                decode_logs(tried, encoding)
                return set()
            return {raw.span_id for raw in decode_traces(tried, encoding) if refusal(raw) is None}
    return set()


def test_fuzzed_bodies(tmp_path: Path, full: bool) -> None:
    """Each is answered as it deserves; what is stored is what decodes, span by span."""
    count, luck = (100_000 if full else 2_000), random.Random(20261120)
    answers: Counter[int] = Counter()
    expected: set[str] = set()
    with ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest") as receiver:
        connection = http.client.HTTPConnection(urlsplit(receiver.http).netloc, timeout=30)
        for signal, encoding, body in _bodies(count, luck):
            packed, coding = (gzip.compress(body, 1), "gzip") if luck.random() < 0.2 else (body, "identity")
            headers = {"content-type": TYPES[encoding], "content-encoding": coding}
            connection.request("POST", f"/v1/{signal}", packed, headers)
            answer = connection.getresponse()
            answer.read()
            answers[answer.status] += 1
            storable = _storable(signal, encoding, body)
            assert answer.status in (200, 400), (answer.status, encoding, body)
            if answer.status == 200:
                expected |= storable
            else:
                assert not storable, (encoding, body)
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    assert drain(settings, 300)
    with Store.of(settings).read() as reader:
        stored = {row["span_id"] for row in reader.rows("SELECT span_id FROM spans")}
    print(f"{count:,} fuzzed bodies: {dict(answers)}; {len(stored)} spans stored, {len(expected)} could be")
    assert stored == expected


def _status(host: str, port: int, request: bytes) -> str:
    """The status that comes, or nothing: a head without an end is waited for, then given up."""
    with socket.create_connection((host, port), timeout=30) as connection:
        try:
            connection.sendall(request)
            connection.settimeout(0.2)
            with suppress(TimeoutError):
                return connection.recv(64)[9:12].decode("latin-1")
            connection.settimeout(30)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(64)[9:12].decode("latin-1")
        except OSError:
            return ""


def test_fuzzed_headers(tmp_path: Path, full: bool) -> None:
    """Whatever the head looks like, the answer is 2xx or 4xx, or the connection ends; the receiver goes on."""
    count, luck = (20_000 if full else 200), random.Random(7)
    answers: Counter[str] = Counter()
    body = traces_request(span_ids(1))
    with ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest") as receiver:
        address = urlsplit(receiver.http)
        for _ in range(count):
            lines = [b"POST /v1/traces HTTP/1.1", b"Host: localhost", b"Content-Type: application/x-protobuf"]
            lines += [
                luck.choice(HEADERS).encode() + b": " + luck.randbytes(luck.randrange(20)).replace(b"\n", b"")
                for _ in range(luck.randrange(3))
            ]
            head = b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""])
            request = (_mutated(head, luck) if luck.random() < 0.5 else head) + body
            status = _status(str(address.hostname), int(address.port or 0), request)
            answers[status[:1] + "xx" if status else "ended"] += 1
        assert receiver.process.poll() is None
        counters = receiver.counters()
    print(f"{count:,} fuzzed heads: {dict(answers)}; {json.dumps({'/'.join(k): n for k, n in counters.items()})}")
    assert set(answers) == {"2xx", "4xx", "ended"}
