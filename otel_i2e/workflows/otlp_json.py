"""How the receiver and the import read OTLP/JSON: with the decoder of ingest, so that both take the same."""

from __future__ import annotations

from collections.abc import Sequence

from otel_i2e.spool import Signal

__all__ = ["read_json"]


def read_json(signal: Signal, body: bytes) -> Sequence[str | None]:
    """For each item of a request, why it cannot be stored, or None. Raises DecodeError."""
    from otel_i2e.normalize import decode_logs, decode_traces, refusal  # half of the receiver's start, if it came first

    if signal == "logs":
        return [None] * len(decode_logs(body, "json"))
    return [refusal(raw) for raw in decode_traces(body, "json")]
