"""JSON in files: one request, however it is laid out; one per line (the Collector's file exporter); an array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

import orjson

from otel_i2e.errors import DecodeError
from otel_i2e.receive.examine import JsonReader
from otel_i2e.receive.file_request import FileRequest, Found, Problem, Skipped
from otel_i2e.receive.salvage_json import salvaged_json
from otel_i2e.receive.services import LOGS, SERVICES, TRACES, Service

__all__ = ["dumps", "is_json", "json_lines", "json_requests"]

_KEYS: Final = {"resourceSpans": TRACES, "resourceLogs": LOGS, "resource_spans": TRACES, "resource_logs": LOGS}
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()
_OTHERS: Final = {"resourceMetrics": "metrics", "resource_metrics": "metrics", "resourceProfiles": "profiles"}


def json_requests(name: str, stream: Iterable[bytes], read_json: JsonReader) -> Found:
    """The requests of `stream`, a file's lines."""
    lines = iter(enumerate(stream, 1))
    number, first = next(((n, line) for n, line in lines if line.strip()), (1, b""))
    if not first:
        return
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


def json_lines(name: str, content: bytes, read_json: JsonReader) -> Found | None:
    """The requests of a text some of whose lines are JSON, as `kubectl logs` gives; None when none is."""
    lines = content.splitlines(keepends=True)
    return _each(name, 1, lines, read_json) if _any_is_json(lines) else None


def _whole_or_lines(name: str, number: int, lines: list[bytes], read_json: JsonReader) -> Found:
    """One document over many lines, or, when it is none but a later line is, lines with a bad one first."""
    content = b"".join(lines)
    try:
        document = _loads(content)
    except ValueError as error:
        if _has_more(content, error):
            yield from _one_after_the_other(name, number, content, read_json)
            return
        if not _any_is_json(lines[1:]):
            if salvaged := _salvaged(f"{name}:{number}", content):
                yield from salvaged
                return
            line = number - 1 + getattr(error, "lineno", 1)
            yield Problem(f"{name}:{line}", f"not valid JSON: {error}")
            return
        yield from _each(name, number, lines, read_json)
    else:
        yield from _documents(f"{name}:{number}", document, content, read_json)


def _any_is_json(lines: list[bytes]) -> bool:
    return any(line.lstrip()[:1] == b"{" and is_json(line) for line in lines)


def _each(name: str, number: int, lines: list[bytes], read_json: JsonReader) -> Found:
    for at, line in enumerate(lines, number):
        if line.strip():
            yield from _line(f"{name}:{at}", line, read_json)


def _line(place: str, line: bytes, read_json: JsonReader) -> Found:
    try:
        document = _loads(line)
    except ValueError as error:
        if _has_more(line, error):
            name, _, number = place.rpartition(":")
            yield from _one_after_the_other(name, int(number), line, read_json)
        else:
            yield from _salvaged(place, line) or [Problem(place, f"not valid JSON: {error}")]
    else:
        yield from _documents(place, document, line, read_json)


def _has_more(text: bytes, error: ValueError) -> bool:
    """Whether `text` begins with a whole document, no number such as that of a date, and something follows."""
    found = isinstance(error, json.JSONDecodeError) and error.msg == "Extra data"
    return found and text.lstrip()[:1] in (b"{", b"[")


def _one_after_the_other(name: str, number: int, content: bytes, read_json: JsonReader) -> Found:
    """Documents with or without space between them, however each is laid out: what `cat` makes of files."""
    text = content.decode("utf-8", "replace")
    at = 0
    while (begin := _SPACE.match(text, at)) is not None and begin.end() < len(text):
        number += text.count("\n", at, begin.end())
        try:
            document, end = _DECODER.raw_decode(text, begin.end())
        except (ValueError, RecursionError) as error:
            yield Problem(f"{name}:{number}", f"not valid JSON from here on: {error}")
            return
        yield from _documents(f"{name}:{number}", document, text[begin.end() : end].encode(), read_json)
        number += text.count("\n", begin.end(), end)
        at = end


def _documents(place: str, document: Any, text: bytes, read_json: JsonReader) -> Found:
    if isinstance(document, list):
        for index, item in enumerate(cast("list[Any]", document), 1):
            try:
                yield from _documents(f"{place}:item {index}", item, dumps(item), read_json)
            except RecursionError:
                yield Problem(f"{place}:item {index}", "is nested too deeply")
        return
    of: dict[str, Any] = cast("dict[str, Any]", document) if isinstance(document, dict) else {"": document}
    keys = [key for key in _KEYS if key in of]
    for key in keys:
        try:
            read_json(_KEYS[key].signal, text)
        except DecodeError as error:
            yield from _salvaged(place, text, _KEYS[key]) or [Problem(place, str(error))]
        else:
            yield FileRequest(place, _KEYS[key], "json", document, len(text))
    others = [signal for key, signal in _OTHERS.items() if key in of]
    yield from (Skipped(place, signal) for signal in others)
    if of and not keys and not others:
        yield Problem(place, "no OTLP request: there is no 'resourceSpans' and no 'resourceLogs'")


def _salvaged(place: str, text: bytes, *services: Service) -> list[FileRequest]:
    """What can be read of a request some of whose items are nested too deeply (`salvage_json.py`)."""
    parts = ((service, salvaged_json(service, text)) for service in services or SERVICES)
    with suppress(ValueError):  # there is more wrong with it
        return [FileRequest(place, of, "json", _loads(p.body), len(text), p.lost) for of, p in parts if p is not None]
    return []


def dumps(value: Any) -> bytes:
    """JSON text; what orjson cannot write (a lone surrogate, a large integer) the standard library can."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def is_json(text: bytes) -> bool:
    """Whether `text` is a JSON document."""
    try:
        _loads(text)
    except ValueError:
        return False
    return True


def _loads(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        try:
            return json.loads(text)  # a lone surrogate
        except RecursionError:
            raise error from None
