"""OTLP files → requests: JSON and protobuf, one request or many, gzip or not, told apart by their bytes.

JSON       one request, however it is laid out; one per line (the Collector's file exporter); an array
protobuf   one request; many, each behind its length: 4 bytes big-endian (the Collector's file exporter) or a varint
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Generator, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, cast

import orjson
from google.protobuf.message import DecodeError as ProtobufError

from otel_i2e.errors import DecodeError
from otel_i2e.receive.examine import JsonReader
from otel_i2e.receive.services import LOGS, TRACES, Service
from otel_i2e.spool import Encoding

__all__ = ["Buffered", "FileRequest", "Problem", "dumps", "read_file"]

_KEYS: Final = {"resourceSpans": TRACES, "resourceLogs": LOGS, "resource_spans": TRACES, "resource_logs": LOGS}
_METRICS: Final = ("resourceMetrics", "resource_metrics", "resourceProfiles")
_MAX_FRAME: Final = 1 << 30


class FileRequest(NamedTuple):
    """One request as it stood in a file, checked."""

    place: str
    """`file:line`, `file:item n` or `file:byte n`."""
    service: Service
    encoding: Encoding
    request: Any
    """A dict of OTLP/JSON, or a protobuf message."""
    size: int
    """Bytes in the file, decompressed."""


class Problem(NamedTuple):
    """A part of a file that could not be read; the rest was."""

    place: str
    message: str


Found: TypeAlias = Generator[FileRequest | Problem]
Buffered: TypeAlias = "io.BufferedReader[Any]"


def read_file(name: str, raw: Buffered, read_json: JsonReader) -> Found:
    """Every request of `raw`, in order; `name` is for places. Never raises for what the file holds."""
    stream = raw
    try:
        if stream.peek(2)[:2] == b"\x1f\x8b":
            stream = io.BufferedReader(cast("Any", gzip.GzipFile(fileobj=stream)))
        yield from _read(name, stream, read_json)
    except (OSError, EOFError, zlib.error) as error:
        yield Problem(name, f"cannot be read to its end: {error}")


def _read(name: str, stream: Buffered, read_json: JsonReader) -> Found:
    head = stream.peek(4)[:4]
    if head[:3] == b"\xef\xbb\xbf":
        stream.read(3)
        head = stream.peek(4)[:4]
    if head[:1] in (b"{", b"[", b" ", b"\t", b"\r"):
        yield from _json(name, stream, read_json)
    elif head[:1] == b"\0":
        yield from _framed(name, stream)
    elif head:
        yield from _protobuf_or_else(name, stream.read(), read_json)


def _protobuf_or_else(name: str, content: bytes, read_json: JsonReader) -> Found:
    """A protobuf request begins with a line feed, as a JSON file may."""
    try:
        yield _parsed(f"{name}:byte 0", content)
    except DecodeError as error:
        if not content.strip():
            return
        if content.lstrip()[:1] in (b"{", b"["):
            yield from _json(name, io.BufferedReader(cast("Any", io.BytesIO(content))), read_json)
        elif (frames := _varint_frames(name, content)) is not None:
            yield from frames
        else:
            yield Problem(f"{name}:byte 0", f"neither OTLP/JSON nor OTLP protobuf: {error}")


def _framed(name: str, stream: Buffered) -> Found:
    place = 0
    while prefix := stream.read(4):
        size = int.from_bytes(prefix)
        body = stream.read(size) if len(prefix) == 4 and size <= _MAX_FRAME else b""
        if len(prefix) < 4 or len(body) < size:
            yield Problem(f"{name}:byte {place}", "the file ends in the middle of a request")
            return
        try:
            yield _parsed(f"{name}:byte {place}", body)
        except DecodeError as error:
            yield Problem(f"{name}:byte {place}", str(error))
        place += 4 + size


def _varint_frames(name: str, content: bytes) -> list[FileRequest] | None:
    """Requests behind varint lengths; None unless they fill the file to its last byte."""
    found: list[FileRequest] = []
    place = 0
    while place < len(content):
        start, size, shift = place, 0, 0
        while place < len(content) and shift < 35:
            byte = content[place]
            place += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body = content[place : place + size]
        if len(body) < size or not size:
            return None
        try:
            found.append(_parsed(f"{name}:byte {start}", body))
        except DecodeError:
            return None
        place += size
    return found


def _parsed(place: str, body: bytes) -> FileRequest:
    """Traces and logs look alike until the record: a log read as a span has no ids, a span read as a log no time."""
    readings: list[Any] = []
    problem: Exception | None = None
    for service in (TRACES, LOGS):
        try:
            readings.append((service, service.request.FromString(body)))
        except (ProtobufError, RecursionError) as error:
            problem = error
    if not readings:
        raise DecodeError(f"{len(body):,} bytes are no OTLP request: {problem}")
    service, request = next(((s, r) for s, r in readings if _is_plausible(s, r)), readings[0])
    if body and not request.ByteSize():
        raise DecodeError(f"{len(body):,} bytes hold no OTLP field")
    return FileRequest(place, service, "protobuf", request, len(body))


def _is_plausible(service: Service, request: Any) -> bool:
    if service is TRACES:
        return any(len(s.trace_id) == 16 for r in request.resource_spans for c in r.scope_spans for s in c.spans)
    records = (s for r in request.resource_logs for c in r.scope_logs for s in c.log_records)
    return any(s.time_unix_nano or s.observed_time_unix_nano or s.event_name or s.HasField("body") for s in records)


def _json(name: str, stream: Iterable[bytes], read_json: JsonReader) -> Found:
    lines = iter(enumerate(stream, 1))
    number, first = next(((n, line) for n, line in lines if line.strip()), (1, b""))
    try:
        document = _loads(first)
    except ValueError:
        rest = [line for _, line in lines]
        yield from _whole_or_lines(name, number, [first, *rest], read_json)
        return
    yield from _documents(f"{name}:{number}", document, first, read_json)
    for later, line in lines:
        if line.strip():
            yield from _line(f"{name}:{later}", line, read_json)


def _whole_or_lines(name: str, number: int, lines: list[bytes], read_json: JsonReader) -> Found:
    """One document over many lines, or, when it is none but a later line is, lines with a bad one first."""
    content = b"".join(lines)
    try:
        document = _loads(content)
    except ValueError as error:
        if not any(line.lstrip()[:1] == b"{" and _is_json(line) for line in lines[1:]):
            line = number - 1 + getattr(error, "lineno", 1)
            yield Problem(f"{name}:{line}", f"not valid JSON: {error}")
            return
        for at, line in enumerate(lines, number):
            if line.strip():
                yield from _line(f"{name}:{at}", line, read_json)
    else:
        yield from _documents(f"{name}:{number}", document, content, read_json)


def _line(place: str, line: bytes, read_json: JsonReader) -> Found:
    try:
        document = _loads(line)
    except ValueError as error:
        yield Problem(place, f"not valid JSON: {error}")
    else:
        yield from _documents(place, document, line, read_json)


def _documents(place: str, document: Any, text: bytes, read_json: JsonReader) -> Found:
    if isinstance(document, list):
        for index, item in enumerate(cast("list[Any]", document), 1):
            yield from _documents(f"{place}:item {index}", item, dumps(item), read_json)
        return
    keys: list[str] = [key for key in _KEYS if isinstance(document, dict) and key in document]
    if not keys:
        if not isinstance(document, dict) or (document and not any(key in document for key in _METRICS)):
            yield Problem(place, "no OTLP request: there is no 'resourceSpans' and no 'resourceLogs'")
        return
    for key in keys:
        try:
            read_json(_KEYS[key].signal, text)
        except DecodeError as error:
            yield Problem(place, str(error))
        else:
            yield FileRequest(place, _KEYS[key], "json", document, len(text))


def dumps(value: Any) -> bytes:
    """JSON text; what orjson cannot write (a lone surrogate, a large integer) the standard library can."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def _loads(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)  # a lone surrogate


def _is_json(text: bytes) -> bool:
    try:
        _loads(text)
    except ValueError:
        return False
    return True
