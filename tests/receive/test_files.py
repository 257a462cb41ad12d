"""OTLP files."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_i2e.receive.file_request import FileRequest, Problem, Skipped
from otel_i2e.receive.files import read_file
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json

JSON = traces_request(span_ids(2), encoding="json")
PRETTY = json.dumps(json.loads(JSON), indent=2).encode()
LOG_LINE = b"2026-11-30T00:00:00.000Z\tinfo\tservice.go:221\tEverything is ready. Begin running and processing data.\n"
PROTOBUF = traces_request(span_ids(2))
SIZE = len(PROTOBUF)
LOGS = logs_request(["a", "b", "c"])
METRICS = ParseDict(
    {
        "resource_metrics": [
            {"scope_metrics": [{"metrics": [{"name": "m", "gauge": {"data_points": [{"as_int": 1}]}}]}]}
        ]
    },
    ExportMetricsServiceRequest(),
).SerializeToString()


def _read(content: bytes) -> list[Any]:
    """(signal, encoding, place) of what was read, (place, message) of what could not be, a signal that was skipped."""
    found = read_file("f", io.BufferedReader(io.BytesIO(content)), read_json)  # pyright: ignore[reportArgumentType] -- bytes in memory
    return [_short(one) for one in found]


def _short(found: FileRequest | Problem | Skipped) -> Any:
    if isinstance(found, FileRequest):
        return found.service.signal, found.encoding, found.place
    return tuple(found) if isinstance(found, Problem) else found.signal


def _fixed(*bodies: bytes) -> bytes:
    return b"".join(len(body).to_bytes(4) + body for body in bodies)


def _varint(*bodies: bytes) -> bytes:
    parts: list[bytes] = []
    for body in bodies:
        size = len(body)
        while size >= 0x80:
            parts.append(bytes([size & 0x7F | 0x80]))
            size >>= 7
        parts += [bytes([size]), body]
    return b"".join(parts)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (JSON, [("traces", "json", "f:1")]),
        (PRETTY, [("traces", "json", "f:1")]),
        (b"\xef\xbb\xbf" + JSON, [("traces", "json", "f:1")]),
        (b"\n\n" + JSON + b"\r\n\n" + JSON, [("traces", "json", "f:3"), ("traces", "json", "f:5")]),
        (b"\n" + PRETTY, [("traces", "json", "f:2")]),
        (b"[" + JSON + b"," + JSON + b"]", [("traces", "json", "f:1:item 1"), ("traces", "json", "f:1:item 2")]),
        (logs_request(["x"], encoding="json"), [("logs", "json", "f:1")]),
        (PROTOBUF, [("traces", "protobuf", "f:byte 0")]),
        (LOGS, [("logs", "protobuf", "f:byte 0")]),
        (PROTOBUF + PROTOBUF, [("traces", "protobuf", "f:byte 0")]),
        (_fixed(PROTOBUF, LOGS), [("traces", "protobuf", "f:byte 0"), ("logs", "protobuf", f"f:byte {4 + SIZE}")]),
        (_varint(PROTOBUF, LOGS), [("traces", "protobuf", "f:byte 0"), ("logs", "protobuf", f"f:byte {2 + SIZE}")]),
        (b"", []),
        (b"\n \n", []),
        (b'{"resourceMetrics": []}\n{}', ["metrics"]),
        (METRICS, ["metrics"]),
        (_fixed(METRICS, PROTOBUF), ["metrics", ("traces", "protobuf", f"f:byte {4 + len(METRICS)}")]),
        (_varint(METRICS), ["metrics"]),
        (JSON.decode().encode("utf-16"), [("traces", "json", "f:1")]),
        ((JSON + b"\r\n" + JSON).decode().encode("utf-16-le"), [("traces", "json", "f:1"), ("traces", "json", "f:2")]),
        (JSON.decode().encode("utf-16-be"), [("traces", "json", "f:1")]),
        ("\ufeff".encode("utf-16-be") + PRETTY.decode().encode("utf-16-be"), [("traces", "json", "f:1")]),
    ],
    ids=lambda _: "case",
)  # fmt: skip
def test_every_layout_is_told_apart_by_its_bytes(pack: Any, content: bytes, expected: list[Any]) -> None:
    """One request or many, JSON or protobuf, traces or logs, packed or not."""
    assert _read(pack(content)) == expected


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (JSON + b"\n{broken\n" + JSON, "f:2", "not valid JSON"),
        (b"{broken\n" + JSON + b"\n" + JSON, "f:1", "not valid JSON"),
        (LOG_LINE + JSON + b"\n" + JSON, "f:1", "not valid JSON"),
        (b"\t" + LOG_LINE + JSON + b"\n" + JSON, "f:1", "not valid JSON"),
        (JSON + b"\n" + LOG_LINE + JSON, "f:2", "not valid JSON"),
        (JSON + b'\n{"spans": []}\n' + JSON, "f:2", "no 'resourceSpans'"),
        (JSON + b'\n{"resource_spans": []}\n' + JSON, "f:2", "lowerCamelCase"),
        (JSON + b"\n17\n" + JSON, "f:2", "no OTLP request"),
        (_fixed(PROTOBUF, b"\xff\xff", PROTOBUF), f"f:byte {4 + len(PROTOBUF)}", "no OTLP request"),
        (_varint(PROTOBUF, b"\xff\xff", PROTOBUF), f"f:byte {2 + SIZE}", "no OTLP request"),
        (_varint(PROTOBUF, PROTOBUF, PROTOBUF)[:-1], f"f:byte {2 * (2 + SIZE)}", "ends in the middle"),
        (_fixed(PROTOBUF, PROTOBUF, PROTOBUF)[:-1], f"f:byte {2 * (4 + len(PROTOBUF))}", "ends in the middle"),
    ],
    ids=lambda _: "case",
)
def test_a_bad_part_is_named_and_the_rest_is_read(content: bytes, place: str, message: str) -> None:
    """The problem stands where it was found, with two requests around or before it."""
    read = _read(content)
    assert sorted(len(item) for item in read) == [2, 3, 3]
    problem = next(item for item in read if len(item) == 2)
    assert problem[0] == place
    assert message in problem[1]


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n", b"hello world", b"\x0a\x05ab", b"{\n  broken\n}\n", b"\x80"], ids=lambda _: "case"
)
def test_a_file_that_is_no_otlp_is_one_problem(content: bytes) -> None:
    """Not a traceback, and not nothing."""
    read = _read(content)
    assert [len(item) for item in read] == [2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\3\4" + bytes(90), "a zip archive; unpack it first"),
        (bytes.fromhex("28b52ffd") + b"x" * 90, "zstd -dc FILE | i2e import -"),
        (b"PAR1" + bytes(90), "a Parquet file"),
        (b"null", "JSON, but no object: null"),
        (b"Hello, world\n", "text that begins with 'Hello, world"),
        (b"\x89PNG\r\n\x1a\n\0", "9 bytes that begin with 89 50 4e 47"),
    ],
    ids=lambda _: "case",
)
def test_what_is_no_otlp_is_named(content: bytes, message: str) -> None:
    """And what to do with it, where something can be done."""
    ((_, told),) = _read(content)
    assert message in told


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n", b" "])
@pytest.mark.parametrize("document", [JSON, PRETTY], ids=["compact", "indented"])
def test_documents_one_after_the_other(document: bytes, between: bytes) -> None:
    """Of any layout, with anything between them or nothing; each has the line where it begins."""
    lines = document.count(b"\n") + between.count(b"\n")
    places = [("traces", "json", f"f:{1 + n * lines}") for n in range(3)]
    assert _read(between.join([document] * 3)) == places
    *read, problem = _read(between.join([document, document, b'{"resourceSpans": oops}']))
    assert read == places[:2]
    assert problem[0] == places[2][2]
    assert "not valid JSON" in problem[1]


def test_a_broken_place_in_one_long_document_has_its_line() -> None:
    """Not line 1 of a document of many."""
    lines = PRETTY.splitlines()
    assert _read(b"\n".join([*lines[:6], b"oops", *lines[6:]]))[0][0] == "f:7"


def test_a_gzip_file_that_ends_early_is_read_as_far_as_it_goes() -> None:
    """What came before is not lost."""
    lines = b"\n".join(traces_request(span_ids(200), encoding="json") for _ in range(20))
    read = _read(gzip.compress(lines)[:-3000])
    assert len(read) > 1
    assert "end" in read[-1][1]


@pytest.mark.parametrize(("cut", "trailer"), [(8, 0), (4, 0), (8, 8)])
def test_whole_lines_before_a_missing_or_wrong_trailer_are_read(cut: int, trailer: int) -> None:
    """A file that is still being written, or was copied meanwhile, looks so."""
    read = _read(gzip.compress((JSON + b"\n") * 3)[:-cut] + bytes(trailer))
    assert read[:3] == [("traces", "json", f"f:{line}") for line in (1, 2, 3)]
    assert [message.startswith("cannot be read to its end: the gzip data") for _, message in read[3:]] == [True]


def test_a_lone_surrogate_does_not_lose_its_request() -> None:
    """The standard library reads what orjson refuses; ingest mends it."""
    found = list(read_file("f", io.BufferedReader(io.BytesIO(JSON.replace(b"Hi", b"\\ud800"))), read_json))  # pyright: ignore[reportArgumentType] -- as above
    assert not isinstance(found[0], Problem)
