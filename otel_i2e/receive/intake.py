"""One request on its way to disk: decompress, examine, put. HTTP and gRPC both end here.

body ──► inflated ──► examined ──► spool.put ──► Accepted (the answer is sent after that)
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Final, NamedTuple, TypeAlias

from otel_i2e.errors import DecodeError, SpoolError, SpoolFull
from otel_i2e.receive.commit import GroupCommit
from otel_i2e.receive.examine import JsonReader, examined
from otel_i2e.receive.inflate import inflated
from otel_i2e.receive.refused import BUSY_SECONDS, FULL_SECONDS, Refused
from otel_i2e.receive.services import MAX_BODY_BYTES, Service
from otel_i2e.receive.tally import Tally
from otel_i2e.spool import Encoding, Request, Signal, Spool

__all__ = [
    "AT_ONCE",
    "MAX_INSIDE_BYTES",
    "SMALL_BYTES",
    "WAIT_SECONDS",
    "WRITING",
    "Accepted",
    "Intake",
    "Redact",
    "busy",
]

MAX_INSIDE_BYTES: Final = 256 * 1024 * 1024
"""Bytes of requests in memory at once, as they came over the wire, at most."""
AT_ONCE: Final = 2
"""Requests that are decompressed, read and written at the same time: one is read while another waits for the disk,
and no more large ones meet in memory."""
SMALL_BYTES: Final = 256 * 1024
"""Bytes up to which a request gives up its turn before it is written."""
WRITING: Final = 16
"""Requests that may be on their way in at the same time, from their turn to the disk."""
WAIT_SECONDS: Final = 8.0
"""A request that waited longer for its turn is refused: its sender gives up after 10 seconds (OTLP exporters)."""

_ITEM: Final[dict[Signal, str]] = {"traces": "span", "logs": "log record"}

Redact: TypeAlias = Callable[[Signal, Encoding, bytes, Callable[[str, str, int], None]], bytes]
"""A request without its secrets; counts (counter, reason, n) what was found. Raises DecodeError."""


class Accepted(NamedTuple):
    """A request that is on disk."""

    rejected: int
    """Items of it that will not be stored."""
    message: str
    """Why, in words; empty when all will be."""


class Intake:
    """Takes requests into `spool`. Safe for threads."""

    def __init__(
        self,
        spool: Spool,
        tally: Tally,
        read_json: JsonReader,
        *,
        max_body: int = MAX_BODY_BYTES,
        max_inside: int = MAX_INSIDE_BYTES,
        wait: float = WAIT_SECONDS,
        redact: Redact | None = None,
    ) -> None:
        self._redact = redact
        self.max_body = max_body
        self.tally = tally
        self._spool = spool
        self._commit = GroupCommit(spool)
        self._read_json = read_json
        self._max_inside = max_inside
        self.wait = wait
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._inside = 0
        self._counting = threading.Lock()

    def accept(self, service: Service, encoding: Encoding, coding: str, body: bytes, *, transport: str) -> Accepted:
        """Put the request on disk; it is there when this returns. Raises Refused, and then nothing was kept."""
        if not self._turn.acquire(timeout=self.wait):
            raise busy()
        with ExitStack() as turn:
            turn.callback(self._turn.release)
            return self._take(service, encoding, inflated(body, coding, self.max_body), transport, turn)

    @contextmanager
    def held(self, size: int) -> Generator[None]:
        """Account for `size` bytes of a request that is in memory. Raises Refused, `busy`, beyond the limit."""
        self.hold(size)
        try:
            yield
        finally:
            self.release(size)

    def hold(self, size: int) -> None:
        """As `held`, for bytes that arrive piece by piece; `release` them all afterwards."""
        with self._counting:
            if self._inside + size > self._max_inside:
                raise busy()
            self._inside += size

    def release(self, size: int) -> None:
        """The end of `hold`."""
        with self._counting:
            self._inside -= size

    def ready(self) -> str | None:
        """Why requests would be refused now; None when they would be taken."""
        try:
            return self._spool.why_full()
        except SpoolError as error:
            return str(error)

    def _take(self, service: Service, encoding: Encoding, body: bytes, transport: str, turn: ExitStack) -> Accepted:
        items, unstorable, body, lost = examined(service, encoding, body, self._read_json)
        if items and unstorable.total() == items:
            lost = lost + unstorable
        elif items:
            if self._redact is not None:
                body = self._redacted(self._redact, service, encoding, body)
            if len(body) <= SMALL_BYTES:
                turn.close()  # another is read while this one waits for the disk, in the company of others
            self._put(Request(body, service.signal, encoding, items, transport))
        for reason, n in lost.items():  # ingest counts what it sees; it will not see these
            self.tally.add("received", transport, n)
            self.tally.add("rejected", f"{_ITEM[service.signal]}: {reason}", n)
        refused = unstorable | lost
        return Accepted(refused.total(), _sentence(refused))

    def _redacted(self, redact: Redact, service: Service, encoding: Encoding, body: bytes) -> bytes:
        try:
            return redact(service.signal, encoding, body, self.tally.add)
        except DecodeError as error:
            raise Refused("undecodable", str(error)) from None

    def _put(self, request: Request) -> None:
        try:
            self._commit.put(request)
        except SpoolFull as error:
            raise Refused("spool full", str(error), retry_after=FULL_SECONDS) from None
        except SpoolError as error:
            raise Refused("spool not writable", str(error), retry_after=FULL_SECONDS) from None


def busy() -> Refused:
    """The refusal of a request that came while too many were on their way in."""
    return Refused("busy", "too much is on its way in at once; send it again later", retry_after=BUSY_SECONDS)


def _sentence(unstorable: Counter[str]) -> str:
    return "; ".join(f"{n:,} not stored: {reason}" for reason, n in unstorable.items())
