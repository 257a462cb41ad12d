"""The receiver's counters on their way to wherever `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from otel_i2e.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider

__all__ = ["LAST_EXPORT", "exporting_provider"]

_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
LAST_EXPORT: Final = 2_000
"""Milliseconds that the receiver's end waits for what it counted last."""


def exporting_provider(environ: Mapping[str, str] = os.environ) -> MeterProvider | None:
    """A provider that exports every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds; None when no endpoint is set.

    The general `OTEL_EXPORTER_OTLP_ENDPOINT` is not enough: it usually names this very receiver, which takes no
    metrics. Headers, timeouts, certificates and the service's name follow the other `OTEL_*` variables. `shutdown`
    sends what is left. Raises ConfigError for a protocol that is not known.
    """
    if not environ.get(_ENDPOINT):
        return None
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), "http/protobuf")
    reader = PeriodicExportingMetricReader(_exporter(protocol), export_timeout_millis=LAST_EXPORT)
    named = "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "") or environ.get("OTEL_SERVICE_NAME")
    resource = Resource.create({} if named else {"service.name": "otel-i2e"})
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)


def _exporter(protocol: str) -> Any:
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as OverGrpc

        return OverGrpc()
    if protocol == "http/protobuf":
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as OverHttp

        return OverHttp()
    raise ConfigError(f"{_PROTOCOLS[0]} = {protocol!r} is not valid; it takes one of http/protobuf, grpc")
