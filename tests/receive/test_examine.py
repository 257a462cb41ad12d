"""What a request holds."""

from __future__ import annotations

from collections import Counter

import pytest

from otel_i2e.normalize import decode_traces, refusal
from otel_i2e.receive.examine import examined
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.services import LOGS, TRACES
from otel_i2e.spool import Encoding
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json

BAD_IDS = [("00" * 16, "11" * 8), ("11" * 16, "00" * 8), ("11" * 15, "11" * 8), ("11" * 16, "11" * 9), ("", "")]
BOTH: list[Encoding] = ["protobuf", "json"]


@pytest.mark.parametrize("encoding", BOTH)
def test_items_are_counted(encoding: Encoding) -> None:
    """Spans and log records."""
    for service, body, items in (
        (TRACES, traces_request(span_ids(3), encoding=encoding), 3),
        (LOGS, logs_request(["a", "b"], encoding=encoding), 2),
    ):
        assert examined(service, encoding, body, read_json) == (items, Counter(), body, Counter())


@pytest.mark.parametrize("encoding", BOTH)
def test_spans_that_cannot_be_stored_are_counted_as_ingest_will(encoding: Encoding) -> None:
    """The same spans, for the same reasons, in the same words as the decoder that stores them."""
    body = traces_request([*BAD_IDS, *span_ids(2)], encoding=encoding)
    reasons = Counter(reason for raw in decode_traces(body, encoding) if (reason := refusal(raw)))
    assert examined(TRACES, encoding, body, read_json)[:2] == (7, reasons)
    assert reasons.total() == 5


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("protobuf", b"\xff\xff"),
        ("protobuf", b"{}"),
        ("protobuf", traces_request(span_ids(1))[:-1]),
        ("protobuf", b"\x0a" + b"\x0a" * 9),
        ("json", b""),
        ("json", b"[]"),
        ("json", b'{"resourceSpans": [1]}'),
        ("json", b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "SPAN_KIND_CLIENT"}]}]}]}'),
        ("json", b'{"resource_spans": []}'),
        ("json", b"[" * 100_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_what_is_no_request_is_undecodable(encoding: Encoding, body: bytes) -> None:
    """400, and nothing else."""
    with pytest.raises(Refused) as caught:
        examined(TRACES, encoding, body, read_json)
    assert (caught.value.http_status, caught.value.code) == (400, 3)
