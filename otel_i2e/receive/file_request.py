"""What is found in a file."""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeAlias

from otel_i2e.receive.services import Service
from otel_i2e.spool import Encoding

__all__ = ["Buffered", "FileRequest", "Found", "Problem", "Skipped"]


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
    lost: Mapping[str, int] = {}
    """Reason → items that could not be read; they are not in `request`."""


class Problem(NamedTuple):
    """A part of a file that could not be read; the rest was."""

    place: str
    message: str


class Skipped(NamedTuple):
    """A request of a signal that is not recorded."""

    place: str
    signal: str
    """`metrics` or `profiles`."""


Found: TypeAlias = Generator[FileRequest | Problem | Skipped]
Buffered: TypeAlias = "io.BufferedReader[Any]"
