"""Why a request was turned away, and how to say so in HTTP and in gRPC."""

from __future__ import annotations

from typing import Final

from otel_i2e.errors import I2EError

__all__ = ["BUSY_SECONDS", "FULL_SECONDS", "STATUS_OF", "Refused"]

FULL_SECONDS: Final = 5
"""Retry-After when the spool takes no more: ingest needs a moment to make room."""
BUSY_SECONDS: Final = 1
"""Retry-After when too much is on its way in at once."""

STATUS_OF: Final[dict[str, tuple[int, int]]] = {
    "undecodable": (400, 3),
    "sender went away": (400, 1),
    "no message over gRPC": (400, 1),
    "no or wrong token": (401, 16),
    "foreign host": (403, 7),
    "foreign origin": (403, 7),
    "unknown path": (404, 5),
    "metrics are not recorded": (404, 12),
    "profiles are not recorded": (404, 12),
    "wrong method": (405, 12),
    "too slow a sender": (408, 4),
    "too large": (413, 3),
    "unknown content type": (415, 3),
    "unknown content encoding": (415, 3),
    "spool full": (503, 14),
    "spool not writable": (503, 14),
    "busy": (503, 14),
}
"""Reason → HTTP status and `google.rpc.Code`. Overload is 503, never 429: OpenTelemetry Python up to 1.44
drops what a 429 answers, and retries a 503."""


class Refused(I2EError):
    """A request that was not taken; nothing of it was kept. `str` says what is wrong with it and what to do."""

    def __init__(self, reason: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        """A key of `STATUS_OF`; counted under `refused`."""
        self.retry_after = retry_after
        """Seconds after which the same request may pass; None when it never will."""

    @property
    def http_status(self) -> int:
        """The HTTP status code."""
        return STATUS_OF[self.reason][0]

    @property
    def code(self) -> int:
        """The `google.rpc.Code`, which is also the gRPC status code."""
        return STATUS_OF[self.reason][1]
