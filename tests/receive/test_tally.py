"""The receiver's own counters."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_i2e.receive.tally import Tally, observe_spool
from otel_i2e.spool import Spool


def test_counts_become_durable_on_stop(spool: Spool) -> None:
    """Summed by counter and reason; nothing is written for nothing."""
    tally = Tally(spool)
    tally.start()
    for n in (2, 3, 0):
        tally.add("received", "http", n)
    tally.add("refused", "busy", 0)
    tally.stop()
    assert spool.counters() == {("received", "http"): 5}


def test_counts_that_cannot_be_written_are_kept(tmp_path: Path) -> None:
    """They are written when the spool can be again."""
    place = tmp_path / "place"
    place.write_text("a file where the folder should be")
    spool = Spool(place / "s.spool")
    tally = Tally(spool)
    tally.add("received", "http", 2)
    tally.add("refused", "busy")
    tally.flush()
    tally.add("received", "http")
    place.unlink()
    tally.flush()
    tally.flush()
    assert spool.counters() == {("received", "http"): 3, ("refused", "busy"): 1}
    spool.close()


def test_counters_and_backlog_are_metrics(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever MeterProvider is set reads them."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    observe_spool(spool)
    spool.count("received", "http", 7)
    spool.put(b"x" * 10, items=3)
    data = reader.get_metrics_data()
    assert data is not None
    points = {
        (metric.name, *(point.attributes or {}).values()): getattr(point, "value", None)
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
        for point in metric.data.data_points
    }
    assert points["i2e.spool.counter", "received", "http"] == 7
    assert points["i2e.spool.items",] == 3
    assert points["i2e.spool.bytes",] == 10
    assert isinstance(points["i2e.spool.age",], float)
    provider.shutdown()
