"""Senders that did not hear our answer send again: one row per span all the same."""

from __future__ import annotations

import random
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain


def test_every_batch_twice_and_shuffled(tmp_path: Path, full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By both protocols, by four senders at once, while ingest runs."""
    monkeypatch.setenv("I2E_INGEST_INTERVAL", "0.05")
    luck = random.Random(11)
    ids = [span_ids(luck.randint(1, 20)) for _ in range(500 if full else 80)]
    sendings = [traces_request(batch) for batch in ids] * 2
    luck.shuffle(sendings)
    with (
        ReceiverProcess(tmp_path / "s.duckdb") as receiver,
        ThreadPoolExecutor(4) as senders,
        grpc.insecure_channel(urlsplit(receiver.grpc).netloc) as channel,
    ):
        call: Any = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- bytes in and out

        def send(number: int) -> None:
            if number % 2:
                call(sendings[number], timeout=30)
                return
            message = urllib.request.Request(
                receiver.http + "/v1/traces", sendings[number], {"content-type": "application/x-protobuf"}
            )
            with urllib.request.urlopen(message, timeout=30) as answer:
                assert answer.status == 200

        list(senders.map(send, range(len(sendings))))
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    assert drain(settings, 60)
    with Store.of(settings).read() as reader:
        rows = [row["span_id"] for row in reader.rows("SELECT span_id FROM spans")]
    expected = {span for batch in ids for _, span in batch}
    print(f"{len(sendings)} sendings of {len(expected)} spans: {len(rows)} rows")
    assert sorted(rows) == sorted(expected)
    counters = receiver.counters()
    assert counters["duplicate", ""] == len(expected)
