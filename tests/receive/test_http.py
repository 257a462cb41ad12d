"""OTLP/HTTP, asked by a plain HTTP client."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_i2e.receive.receiver import Receiver
from otel_i2e.spool import Encoding, Spool
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request

TYPES = {"protobuf": "application/x-protobuf", "json": "application/json"}
PACK: dict[str, Any] = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


def post(
    receiver: Receiver,
    body: bytes,
    *,
    path: str = "/v1/traces",
    encoding: str = "protobuf",
    method: str = "POST",
    **headers: str,
) -> tuple[int, Any, bytes]:
    """Status, headers and body of the answer; `content_encoding=…` is a header."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.http_port, timeout=20)
    try:
        names = {"content-type": TYPES[encoding], **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, path, body, names)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_every_encoding_of_traces_and_logs_reaches_the_spool(
    run_receiver: Any, spool: Spool, encoding: Encoding, coding: str
) -> None:
    """An empty response message in the type of the request; the spool holds what was sent, decompressed."""
    receiver: Receiver = run_receiver()
    traces, logs = traces_request(span_ids(2), encoding=encoding), logs_request(["a"], encoding=encoding)
    for path, body in (("/v1/traces", traces), ("/v1/logs", logs)):
        status, headers, answer = post(
            receiver, PACK[coding](body), path=path, encoding=encoding, content_encoding=coding
        )
        assert (status, headers["content-type"]) == (200, TYPES[encoding])
        assert answer == (b"{}" if encoding == "json" else b"")
    with spool.claim() as batches:
        assert [(b.signal, b.encoding, b.items, b.body) for b in batches] == [
            ("traces", encoding, 2, traces),
            ("logs", encoding, 1, logs),
        ]


def test_a_type_with_parameters_is_that_type(run_receiver: Any) -> None:
    """`application/json; charset=utf-8`."""
    body = traces_request(span_ids(1), encoding="json")
    assert post(run_receiver(), body, content_type="Application/JSON; charset=utf-8")[0] == 200


def test_partial_success_says_how_many_and_why(run_receiver: Any) -> None:
    """In protobuf, and in JSON with the 64-bit number as text."""
    receiver: Receiver = run_receiver()
    ids = [("00" * 16, "11" * 8), *span_ids(1)]
    status, _, answer = post(receiver, traces_request(ids))
    partial = ExportTraceServiceResponse.FromString(answer).partial_success
    assert (status, partial.rejected_spans) == (200, 1)
    assert "trace id" in partial.error_message
    _, _, answer = post(receiver, traces_request(ids, encoding="json"), encoding="json")
    assert json.loads(answer)["partialSuccess"] == {"rejectedSpans": "1", "errorMessage": partial.error_message}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b"\xff", (400, 3)),
        ({"content_type": "text/plain"}, b"x", (415, 3)),
        ({"content_encoding": "br"}, b"x", (415, 3)),
        ({"content_encoding": "gzip"}, b"x", (400, 3)),
        ({"content_encoding": "gzip"}, gzip.compress(gzip.compress(b"")), (400, 3)),
        ({"host": "evil.test"}, b"", (403, 7)),
        ({"origin": "https://evil.test"}, b"", (403, 7)),
    ],
    ids=lambda _: "case",
)
def test_a_refusal_is_a_status_message(
    run_receiver: Any, spool: Spool, headers: dict[str, str], body: bytes, expected: tuple[int, int]
) -> None:
    """`google.rpc.Status` in the type of the request (JSON when that is unknown), counted, and nothing kept."""
    receiver: Receiver = run_receiver()
    status, code = expected
    got, sent, answer = post(receiver, body, **headers)
    assert got == status
    if sent["content-type"] == "application/json":
        assert json.loads(answer)["code"] == code
    else:
        said = Status.FromString(answer)
        assert said.code == code
        assert said.message
    receiver.stop()
    assert spool.stats().batches == 0
    assert sum(n for (counter, _), n in spool.counters().items() if counter == "refused") == 1


def test_a_slash_at_the_end_is_no_other_path(run_receiver: Any, spool: Spool) -> None:
    """Not a redirect, which not every exporter follows."""
    receiver: Receiver = run_receiver()
    assert post(receiver, traces_request(span_ids(1)), path="/v1/traces/")[0] == 200
    assert post(receiver, logs_request(["a"]), path="/v1/logs/")[0] == 200
    with spool.claim() as batches:
        assert [batch.signal for batch in batches] == ["traces", "logs"]


ASTRAY = {
    ("POST", "/"): (404, "unknown path", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
    ("POST", "//v1/traces"): (404, "unknown path", "/v1/traces or /v1/logs"),
    ("POST", "/v1/metrics"): (404, "metrics are not recorded", "OTEL_METRICS_EXPORTER=none"),
    ("PUT", "/v1/traces"): (405, "wrong method", "by POST"),
}


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
@pytest.mark.parametrize(("method", "path"), ASTRAY)
def test_a_request_astray_is_told_what_to_do_and_counted(
    run_receiver: Any, spool: Spool, encoding: str, method: str, path: str
) -> None:
    """`google.rpc.Status` in the type of the request, as any refusal."""
    receiver: Receiver = run_receiver()
    status, reason, todo = ASTRAY[method, path]
    got, headers, answer = post(receiver, traces_request(span_ids(1)), path=path, encoding=encoding, method=method)
    assert (got, headers["content-type"]) == (status, TYPES[encoding])
    assert todo in (json.loads(answer)["message"] if encoding == "json" else Status.FromString(answer).message)
    receiver.stop()
    assert spool.counters() == {("refused", reason): 1}
    assert spool.stats().batches == 0


def test_too_full_is_503_with_retry_after(run_receiver: Any, spool: Spool) -> None:
    """And passes again once there is room."""
    spool._max_bytes = 1
    receiver: Receiver = run_receiver()
    status, headers, answer = post(receiver, traces_request(span_ids(1)))
    assert (status, headers["retry-after"]) == (503, "5")
    assert Status.FromString(answer).details[0].Is(_retry_info())
    spool._max_bytes = 10**9
    assert post(receiver, traces_request(span_ids(1)))[0] == 200


def test_health_and_readiness(run_receiver: Any, spool: Spool) -> None:
    """Ready while the spool can be written."""
    receiver: Receiver = run_receiver()
    assert [_get(receiver, path)[0] for path in ("/healthz", "/readyz", "/", "/v1/traces")] == [200, 200, 404, 405]
    spool.close()
    spool.path.unlink()
    spool.path.mkdir()
    status, answer = _get(receiver, "/readyz")
    assert status == 503
    assert "s.duckdb.spool" in json.loads(answer)["reason"]


def test_it_is_not_ready_while_the_spool_is_full(run_receiver: Any, spool: Spool) -> None:
    """A load balancer sends elsewhere until there is room for a request of usual size."""
    receiver: Receiver = run_receiver()
    for _ in range(3):
        assert post(receiver, traces_request(span_ids(50)))[0] == 200
    assert _get(receiver, "/readyz")[0] == 200
    spool._max_bytes = 20_000
    status, answer = _get(receiver, "/readyz")
    assert (status, json.loads(answer)["ready"]) == (503, False)
    assert "its limit is 20,000" in json.loads(answer)["reason"]
    with spool.claim() as batches:
        spool.done(batches)
    spool._max_bytes = 10**9
    assert _get(receiver, "/readyz")[0] == 200


def test_a_connection_serves_many_requests(run_receiver: Any, spool: Spool) -> None:
    """Keep-alive, as exporters use it."""
    receiver: Receiver = run_receiver()
    connection = http.client.HTTPConnection("127.0.0.1", receiver.http_port, timeout=20)
    for _ in range(3):
        connection.request("POST", "/v1/traces", traces_request(span_ids(1)), {"content-type": TYPES["protobuf"]})
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.will_close) == (200, False)
    connection.close()
    assert spool.stats().items == 3


def _get(receiver: Receiver, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.http_port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _retry_info() -> Any:
    from google.rpc.error_details_pb2 import RetryInfo

    return RetryInfo.DESCRIPTOR
