"""The redactor of the settings, for requests that come from elsewhere: the receiver and `i2e import`."""

from __future__ import annotations

from collections.abc import Callable

from otel_i2e.config import Settings
from otel_i2e.errors import DecodeError
from otel_i2e.redact import make_redactor
from otel_i2e.spool import Encoding, Signal

__all__ = ["request_redactor"]

Count = Callable[[str, str, int], None]


def request_redactor(settings: Settings) -> Callable[[Signal, Encoding, bytes, Count], bytes] | None:
    """Takes the secrets out of an OTLP request and counts them; None when redaction is off. Raises ConfigError."""
    redactor = make_redactor(settings.redact)
    if redactor is None:
        return None
    from otel_i2e.redact.request import redacted_request

    redactor.load()

    def redact(signal: Signal, encoding: Encoding, body: bytes, count: Count) -> bytes:
        try:
            clean = redacted_request(redactor, body, signal, encoding)
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"the secrets of a request could not be looked for: {type(error).__name__}") from None
        for (counter, reason), n in redactor.take_counts().items():
            count(counter, reason, n)
        return clean

    return redact
