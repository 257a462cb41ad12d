"""The receiver's counters over OTLP, at a collector that is another HTTP server here."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_i2e.errors import ConfigError
from otel_i2e.receive.metrics import exporting_provider
from otel_i2e.spool import Spool


@contextmanager
def collector() -> Generator[tuple[str, list[bytes]]]:
    """Where to send metrics, and the requests that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/metrics", bodies
        finally:
            server.shutdown()
            thread.join()


def test_what_the_receiver_counts_is_exported(run_receiver: Any, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Received, stored, duplicate and rejected with reason, what waits and its age; the last of it at the end."""
    for counter, reason, n in (
        ("stored", "", 5),
        ("duplicate", "", 2),
        ("rejected", "no id", 3),
        ("received", "http", 10),
    ):
        spool.count(counter, reason, n)
    spool.put(b"x" * 10, items=4)
    with collector() as (url, bodies):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", url)
        run_receiver().stop()
    request = ExportMetricsServiceRequest.FromString(bodies[-1])
    (resource,) = request.resource_metrics
    assert {pair.key: pair.value.string_value for pair in resource.resource.attributes}["service.name"] == "otel-i2e"
    points = {
        (metric.name, *(pair.value.string_value for pair in point.attributes)): point.as_int or point.as_double
        for metric in resource.scope_metrics[0].metrics
        for point in (metric.sum if metric.HasField("sum") else metric.gauge).data_points
    }
    assert points["i2e.spool.counter", "received", "http"] == 10
    assert points["i2e.spool.counter", "stored", ""] == 5
    assert points["i2e.spool.counter", "duplicate", ""] == 2
    assert points["i2e.spool.counter", "rejected", "no id"] == 3
    assert points["i2e.spool.items",] == 4
    assert 0 < points["i2e.spool.age",] < 600


def test_a_collector_that_is_not_there_disturbs_nobody(run_receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver ends in time all the same."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:9/v1/metrics")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1")
    run_receiver().stop()


def test_nothing_is_exported_unless_it_is_asked_for() -> None:
    """The general endpoint usually is this very receiver."""
    assert exporting_provider({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}) is None


def test_a_protocol_that_is_not_known_is_refused() -> None:
    """By name, with those that are."""
    given = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "carrier pigeon"}
    with pytest.raises(ConfigError, match=r"'carrier pigeon'.*http/protobuf, grpc"):
        exporting_provider(given)
