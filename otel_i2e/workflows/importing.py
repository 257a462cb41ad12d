"""OTLP files → spool → store. The same way as from the network, so importing twice stores once."""

from __future__ import annotations

import glob
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from otel_i2e.config import Settings
from otel_i2e.errors import DecodeError, SpoolFull, UsageError
from otel_i2e.receive.file_request import Buffered, FileRequest, Problem, Skipped
from otel_i2e.receive.files import read_file
from otel_i2e.receive.selection import Selection, Together, select, together
from otel_i2e.spool import Request, Spool
from otel_i2e.workflows.ingest import IngestReport, drain, ingest
from otel_i2e.workflows.otlp_json import read_json
from otel_i2e.workflows.redaction import request_redactor
from otel_i2e.workflows.storing import NEVER_CAME

__all__ = ["STDIN", "ImportReport", "find_files", "import_files"]

STDIN: Final = "-"
"""The name that reads standard input."""
_INGEST_EVERY: Final = 8_000_000  # bytes read, so that a large file does not fill the spool
_SECONDS: Final = 5.0  # after which less is moved, too: what a pipe brings may be long in coming
_WAIT: Final = 20.0  # seconds for whoever else is draining
_ITEM: Final = {"traces": "span", "logs": "log record"}


@dataclass(slots=True)
class ImportReport:
    """What one import did: spans + logs = stored + duplicate + logs_read + logs_skipped + rejected + waiting."""

    files: int = 0
    requests: int = 0
    """OTLP requests read."""
    spans: int = 0
    """Spans handed on, duplicates included."""
    logs: int = 0
    """Log records handed on."""
    skipped: dict[str, int] = field(default_factory=dict[str, int])
    """Signal that is not recorded → its requests."""
    left_out: int = 0
    """Spans and log records that `service` or `since` did not want."""
    stored: int = 0
    """Spans that are new in the store."""
    duplicate: int = 0
    """Spans that the store had already."""
    logs_read: int = 0
    """Log records whose content goes onto spans, or that are scores."""
    logs_skipped: int = 0
    """Log records that are neither content of a model call nor scores: they are not kept."""
    scores: int = 0
    """Scores that are new in the store."""
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    """Reason → spans or log records that cannot be stored."""
    problems: list[str] = field(default_factory=list[str])
    """Parts that could not be read, each as `file:line: why`."""
    waiting: int = 0
    """Spans and log records that another process is busy with, or that wait for it; `i2e status` tells of them."""


def find_files(names: Sequence[str]) -> list[str]:
    """The files that `names` name: paths, patterns (`**` is any depth), or `-`. Raises UsageError."""
    found: list[str] = []
    for name in names:
        if Path(name).is_dir():
            raise UsageError(f"{name!r} is a directory; name its files, such as {str(Path(name) / '*.json')!r}")
        if name == STDIN or Path(name).exists():  # a pipe is one, too: `<(zcat …)`
            found.append(name)
            continue
        matches = glob.glob(name, recursive=True)  # noqa: PTH207 -- a pattern may be absolute, which Path.glob refuses
        if not any(Path(match).is_file() for match in matches):
            raise UsageError(f"{name!r} is no file and matches none; give a path, a pattern such as '*.json', or -")
        found += sorted(match for match in matches if Path(match).is_file())
    return list(dict.fromkeys(found))


def import_files(
    settings: Settings,
    files: Sequence[str],
    *,
    service: str | None = None,
    since: datetime | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> ImportReport:
    """Read `files` (see `find_files`) into the store; `on_bytes` hears of bytes read, for a progress bar.

    A part that cannot be read is reported and does not stop the rest. Raises SpoolError and StoreError.
    """
    since_ns = None if since is None else int(since.timestamp() * 1_000_000) * 1_000
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    job = _Import(settings, spool, Selection(service, since_ns), on_bytes)
    try:
        for name in files:
            job.take(name)
        job.finish()
    finally:
        spool.close()
    return job.report


class _Import:
    def __init__(self, settings: Settings, spool: Spool, wanted: Selection, on_bytes: Callable[[int], None]) -> None:
        self.report = ImportReport()
        self._settings = settings
        self._spool = spool
        self._wanted = wanted
        self._on_bytes = on_bytes
        self._unmoved: list[Request] = []
        self._unmoved_bytes = 0
        self._moved_at = time.monotonic()
        self._redact = request_redactor(settings)

    def take(self, name: str) -> None:
        """One file into the spool, and from time to time into the store."""
        self.report.files += 1
        try:
            if name == STDIN:
                self._take(name, cast("Buffered", sys.stdin.buffer))
            else:
                with Path(name).open("rb") as raw:
                    self._take(name, raw)
        except OSError as error:
            self.report.problems.append(f"{name}: cannot be read: {error.strerror}")

    def finish(self) -> None:
        """The rest into the store."""
        self._move()
        report = self.report
        moved = report.stored + report.duplicate + report.logs_read + report.logs_skipped
        report.waiting = max(0, report.spans + report.logs - moved - sum(report.rejected.values()))
        if report.waiting:
            drain(self._settings, _WAIT)

    def _take(self, name: str, raw: Buffered) -> None:
        for request in together(self._wanted_of(name, raw)):
            self._put(request)

    def _wanted_of(self, name: str, raw: Buffered) -> Generator[tuple[FileRequest, int]]:
        report = self.report
        seen = 0
        for found in read_file(name, raw, read_json):
            if isinstance(found, Problem):
                report.problems.append(f"{found.place}: {found.message}")
                continue
            if isinstance(found, Skipped):
                report.skipped[found.signal] = report.skipped.get(found.signal, 0) + 1
                continue
            report.requests += 1
            request, items, left_out = select(found, self._wanted)
            report.left_out += left_out
            lost = sum(found.lost.values())
            if request.service.signal == "traces":
                report.spans += items + lost
            else:
                report.logs += items + lost
            if lost:
                self._note_lost(found, lost)
            if items:
                yield request, items
            if name != STDIN and raw.seekable():
                seen, before = raw.tell(), seen
                self._on_bytes(seen - before)

    def _note_lost(self, found: FileRequest, lost: int) -> None:
        """What could not be read of a request is named, and counted as the receiver counts it."""
        item = _ITEM[found.service.signal]
        self._spool.count("received", "file", lost)
        for reason, n in found.lost.items():
            self.report.problems.append(f"{found.place}: {n:,} of its {item}s {reason}; the rest was taken")
            self._reject(f"{item}: {reason}", n)
            self._spool.count("rejected", f"{item}: {reason}", n)

    def _reject(self, reason: str, n: int) -> None:
        self.report.rejected[reason] = self.report.rejected.get(reason, 0) + n

    def _put(self, request: Together) -> None:
        body, items = request.body, request.items
        if self._redact is not None:
            try:
                body = self._redact(request.service.signal, request.encoding, body, self._spool.count)
            except DecodeError as error:
                self.report.problems.append(str(error))
                self._reject(f"{_ITEM[request.service.signal]}: its secrets could not be looked for", items)
                return
        self._unmoved.append(Request(body, request.service.signal, request.encoding, items, "file"))
        self._unmoved_bytes += len(body)
        if self._unmoved_bytes >= _INGEST_EVERY or time.monotonic() - self._moved_at > _SECONDS:
            self._move()

    def _move(self) -> None:
        """Into the spool, and on into the store before anybody else can: so that what became of it is known here."""
        self._spool.size()  # there is a folder to stand in
        with self._spool.sole_drainer(_WAIT):
            ours: set[int] = set()
            for request in self._unmoved:
                try:
                    ours.update(self._spool.put_together([request]))
                except SpoolFull:
                    self._ingest(ours)
                    ours.update(self._spool.put_together([request]))
            self._ingest(ours)
        self._unmoved.clear()
        self._unmoved_bytes, self._moved_at = 0, time.monotonic()

    def _ingest(self, ours: set[int]) -> None:
        moved: IngestReport = ingest(self._settings, spool=self._spool, counted=ours)
        report = self.report
        report.stored += moved.stored
        report.duplicate += moved.duplicate
        report.scores += moved.scores
        report.logs_read += moved.read
        report.logs_skipped += moved.skipped
        for reason, n in moved.rejected.items():
            if reason != NEVER_CAME:  # that was read a week ago
                self._reject(reason, n)
