"""OTLP files → requests: JSON and protobuf, one request or many, gzip or not, told apart by their bytes.

read_file ──► gunzip ──► json_file (also UTF-16, as PowerShell's `>` writes it)
                    └──► protobuf_file
"""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any, Final, cast

from otel_i2e.errors import DecodeError
from otel_i2e.receive.examine import JsonReader
from otel_i2e.receive.file_request import Buffered, Found, Problem
from otel_i2e.receive.gunzip import Gunzip
from otel_i2e.receive.json_file import is_json, json_lines, json_requests
from otel_i2e.receive.protobuf_file import framed, parsed, parsed_or_salvaged, varint_framed

__all__ = ["read_file"]

_OTHERS: Final = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "zstd data; decompress it first (`zstd -d`), or pipe it: `zstd -dc FILE | i2e import -`",
    b"BZh": "bzip2 data; decompress it first (`bunzip2`)",
    b"\xfd7zXZ": "xz data; decompress it first (`unxz`)",
    b"\x04\x22\x4d\x18": "lz4 data; decompress it first (`lz4 -d`)",
    b"PAR1": "a Parquet file; OTLP is JSON or protobuf",
}
"""How files begin that are no OTLP, and what they are. No OTLP file begins so."""
_UTF_16: Final = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    **{sign + b"\0": "utf-16-le" for sign in (b"{", b"[")},
    **{b"\0" + sign: "utf-16-be" for sign in (b"{", b"[")},
}
"""How JSON in UTF-16 begins, with a byte order mark and without."""
_SHOWN: Final = 40


def read_file(name: str, raw: Buffered, read_json: JsonReader) -> Found:
    """Every request of `raw`, in order; `name` is for places. Never raises for what the file holds."""
    try:
        if raw.peek(2)[:2] != b"\x1f\x8b":
            yield from _read(name, raw, read_json)
            return
        unpacked = Gunzip(raw)
        yield from _read(name, io.BufferedReader(cast("Any", unpacked)), read_json)
        if unpacked.problem is not None:
            yield Problem(name, f"cannot be read to its end: {unpacked.problem}")
    except OSError as error:
        yield Problem(name, f"cannot be read to its end: {error}")


def _read(name: str, stream: Buffered, read_json: JsonReader) -> Found:
    head = _peek(stream)
    if head[:3] == b"\xef\xbb\xbf":
        stream.read(3)
        head = _peek(stream)
    if (other := next((what for sign, what in _OTHERS.items() if head.startswith(sign)), None)) is not None:
        yield Problem(name, f"is {other}")
    elif (code := _utf_16(head)) is not None:
        yield from json_requests(name, _lines(stream, code), read_json)
    elif head[:1] in (b"{", b"[", b" ", b"\t", b"\r"):
        yield from json_requests(name, stream, read_json)
    elif head[:1] == b"\0":
        yield from framed(name, stream)
    elif head:
        yield from _protobuf_or_else(name, stream.read(), read_json)


def _peek(stream: Buffered) -> bytes:
    return stream.peek(6)[:6]


def _utf_16(head: bytes) -> str | None:
    """The encoding, where the second character is one of ASCII, too: lengths of 4 bytes may begin alike."""
    code = _UTF_16.get(head[:2])
    if code in ("utf-16-le", "utf-16-be"):
        return code if head[2 + (code == "utf-16-le") :][:1] == b"\0" else None
    return code


def _lines(stream: Buffered, code: str) -> Generator[bytes]:
    text = io.TextIOWrapper(stream, encoding=code, errors="replace", newline="\n")
    try:
        for line in text:
            yield line.encode()
    finally:
        text.detach()  # the stream is the caller's to close


def _protobuf_or_else(name: str, content: bytes, read_json: JsonReader) -> Found:
    """A protobuf request begins with a line feed, as a JSON file may."""
    try:
        yield parsed(f"{name}:byte 0", content)
    except DecodeError:
        if not content.strip():
            return
        if content.lstrip()[:1] in (b"{", b"["):
            yield from json_requests(name, io.BytesIO(content), read_json)
        elif (frames := varint_framed(name, content)) is not None:
            yield from frames
        elif not isinstance(found := parsed_or_salvaged(f"{name}:byte 0", content), Problem):
            yield found
        elif (lines := json_lines(name, content, read_json)) is not None:
            yield from lines
        else:
            yield Problem(f"{name}:byte 0", f"neither OTLP/JSON nor OTLP protobuf: {_what(content)}")


def _what(content: bytes) -> str:
    """What it may be instead, and how it begins."""
    if is_json(content):
        return f"JSON, but no object: {content.strip()[:_SHOWN].decode('utf-8', 'replace')}"
    try:
        text = content[: 4 * _SHOWN].decode()
    except UnicodeDecodeError as error:
        text = content[: error.start].decode() if error.start > 4 * (_SHOWN - 1) else ""
    if text and all(char.isprintable() or char.isspace() for char in text):
        return f"text that begins with {text[:_SHOWN]!r}"
    return f"{len(content):,} bytes that begin with {content[:8].hex(' ')}"
