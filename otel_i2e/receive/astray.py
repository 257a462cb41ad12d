"""Requests to where nothing is taken: what is wrong with the address, and what to set instead."""

from __future__ import annotations

from typing import Final

from otel_i2e.receive.refused import Refused
from otel_i2e.receive.services import SERVICES

__all__ = ["UNRECORDED", "astray", "unrecorded"]

UNRECORDED: Final = {
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "metrics",
    "opentelemetry.proto.collector.profiles.v1development.ProfilesService": "profiles",
}
"""Services of OTLP that are not ours, as gRPC names them → signal."""
_PATHS: Final = {"/v1/metrics": "metrics", "/v1/profiles": "profiles", "/v1development/profiles": "profiles"}
_OURS: Final = " or ".join(service.path for service in SERVICES)


def unrecorded(signal: str) -> Refused:
    """The refusal of a signal that is not recorded."""
    return Refused(
        f"{signal} are not recorded",
        f"{signal} are not recorded here, only traces and logs are; send {signal} elsewhere, or switch them off with "
        f"OTEL_{signal.upper()}_EXPORTER=none",
    )


def astray(method: str, path: str, *, by_method: bool) -> Refused:
    """The refusal of a request to no path of ours, or (`by_method`) by another method than its path takes."""
    if (signal := _PATHS.get(path.rstrip("/").lower())) is not None:
        return unrecorded(signal)
    if by_method:
        return Refused("wrong method", f"{method} is not taken at {path[:200]!r}; OTLP is sent by POST to {_OURS}")
    return Refused(
        "unknown path",
        f"nothing is taken at {path[:200]!r}, OTLP goes to {_OURS}; OTEL_EXPORTER_OTLP_ENDPOINT takes the address "
        "without a path, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT the whole URL, path included",
    )
