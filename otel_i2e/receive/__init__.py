"""The way in from outside: OTLP/HTTP and OTLP/gRPC servers, and OTLP files.

    sender ──► guard ──► inflate ──► examine ──► spool.put ──► 200

The servers need the extra `serve`; reading files does not, so neither is imported here. `receiver.Receiver`
runs both servers, `files.read_requests` reads files.
"""

from __future__ import annotations

__all__: list[str] = []
