"""OTLP/gRPC, asked by the stubs that `opentelemetry-proto` ships."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otel_i2e.receive.arrivals import Arrivals
from otel_i2e.receive.astray import UNRECORDED
from otel_i2e.receive.grpc import grpc_server
from otel_i2e.receive.guard import Guard
from otel_i2e.receive.receiver import Receiver
from otel_i2e.receive.services import MAX_BODY_BYTES
from otel_i2e.spool import Spool
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextmanager
def channel(receiver: Receiver) -> Generator[Any]:
    """A channel to it."""
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as made:
        yield made


@pytest.mark.parametrize("coding", list(grpc.Compression))
def test_traces_and_logs_reach_the_spool(run_receiver: Any, spool: Spool, coding: Any) -> None:
    """Compressed or not, the spool holds what was sent."""
    traces, logs = traces_request(span_ids(20)), logs_request(["a"] * 50)
    with channel(run_receiver()) as to:
        assert not _export(to, ExportTraceServiceRequest.FromString(traces), compression=coding).ByteSize()
        _export(to, ExportLogsServiceRequest.FromString(logs), compression=coding)
    with spool.claim() as batches:
        assert [(b.signal, b.items) for b in batches] == [("traces", 20), ("logs", 50)]
        assert ExportTraceServiceRequest.FromString(batches[0].body) == ExportTraceServiceRequest.FromString(traces)


def test_partial_success(run_receiver: Any) -> None:
    """As over HTTP."""
    request = ExportTraceServiceRequest.FromString(traces_request([("", ""), *span_ids(1)]))
    with channel(run_receiver()) as to:
        assert _export(to, request).partial_success.rejected_spans == 1


def test_too_full_is_unavailable_with_retry_info(run_receiver: Any, spool: Spool) -> None:
    """`RetryInfo` in the status details, which exporters read."""
    spool._max_bytes = 1
    with channel(run_receiver()) as to, pytest.raises(grpc.RpcError) as caught:
        _export(to, ExportTraceServiceRequest.FromString(traces_request(span_ids(1))))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    details = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    retry = RetryInfo()
    assert details.details[0].Unpack(retry)
    assert retry.retry_delay.seconds == 5


def test_a_token_is_asked_for(run_receiver: Any, spool: Spool) -> None:
    """In the metadata `authorization`."""
    request = ExportTraceServiceRequest.FromString(traces_request(span_ids(1)))
    with channel(run_receiver(token="right")) as to:
        for metadata in ((), (("authorization", "Bearer wrong"),)):
            with pytest.raises(grpc.RpcError) as caught:
                _export(to, request, metadata=metadata)
            error: Any = caught.value
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        _export(to, request, metadata=(("authorization", "Bearer right"),))
    assert spool.stats().items == 1


def test_bytes_that_are_no_request_are_invalid(run_receiver: Any) -> None:
    """INVALID_ARGUMENT, which no exporter sends again."""
    with channel(run_receiver()) as to, pytest.raises(grpc.RpcError) as caught:
        to.unary_unary(EXPORT)(b"\xff")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_request_that_is_too_large_is_refused_for_good(run_receiver: Any, spool: Spool) -> None:
    """INVALID_ARGUMENT, uncompressed, too, and counted: gRPC's own RESOURCE_EXHAUSTED would be sent again."""
    receiver: Receiver = run_receiver()
    with channel(receiver) as to, pytest.raises(grpc.RpcError) as caught:
        to.unary_unary(EXPORT)(bytes(MAX_BODY_BYTES + 1))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "send smaller batches" in error.details()
    receiver.stop()
    assert spool.counters() == {("refused", "too large"): 1}


def test_a_message_that_grpc_itself_refuses_is_counted(run_receiver: Any, spool: Spool) -> None:
    """Beyond what gRPC lets through the answer is its own, but the call is known; so is one that brings no message."""
    receiver: Receiver = run_receiver()
    with channel(receiver) as to:
        with pytest.raises(grpc.RpcError) as caught:
            to.unary_unary(EXPORT)(bytes(MAX_BODY_BYTES + 13 * 1024 * 1024))
        with pytest.raises(grpc.RpcError):
            to.stream_unary(EXPORT)(iter(()))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    receiver.stop()
    assert spool.counters() == {("refused", "no message over gRPC"): 2}


def test_calls_that_bring_no_message_hold_up_nobody(run_receiver: Any, spool: Spool) -> None:
    """However many there are, and for as long as they like: they hold no thread."""
    receiver: Receiver = run_receiver()
    request = ExportTraceServiceRequest.FromString(traces_request(span_ids(1)))
    go = threading.Event()
    with channel(receiver) as to, channel(receiver) as silent:
        calls = [silent.stream_unary(EXPORT).future(_messages_after(go)) for _ in range(40)]
        _export(to, request, timeout=10)
        assert not any(call.done() for call in calls)
        go.set()
        for call in calls:
            call.result(timeout=10)
    assert spool.stats().items == 41


def test_a_message_that_takes_too_long_is_given_up_for_others(run_receiver: Any, spool: Spool) -> None:
    """Its thread is free again, and it is counted as over HTTP."""
    receiver: Receiver = run_receiver()
    server, port = grpc_server(receiver.intake, Guard(), "127.0.0.1", 0, Arrivals(seconds=0.0))
    server.start()
    go = threading.Event()
    to: Any
    with grpc.insecure_channel(f"127.0.0.1:{port}") as to:
        silent: Any = to.stream_unary(EXPORT).future(_messages_after(go))
        while not silent.done():
            with suppress(grpc.RpcError):  # the silent one may come after it
                to.unary_unary(EXPORT)(traces_request(span_ids(1)))
        go.set()
        assert silent.code() is grpc.StatusCode.CANCELLED
    server.stop(1.0).wait()
    receiver.stop()
    assert spool.counters()["refused", "too slow a sender"] >= 1


def _messages_after(go: threading.Event) -> Generator[bytes]:
    go.wait(30)
    yield traces_request(span_ids(1))


@pytest.mark.parametrize(("name", "signal"), UNRECORDED.items(), ids=UNRECORDED.values())
def test_a_signal_that_is_not_recorded_is_refused_and_counted(
    run_receiver: Any, spool: Spool, name: str, signal: str
) -> None:
    """UNIMPLEMENTED with what to set; behind the token like all."""
    receiver: Receiver = run_receiver(token="right")
    codes: list[grpc.StatusCode] = []
    with channel(receiver) as to:
        for metadata in ((), (("authorization", "Bearer right"),)):
            with pytest.raises(grpc.RpcError) as caught:
                to.unary_unary(f"/{name}/Export")(b"", metadata=metadata)
            error: Any = caught.value
            codes.append(error.code())
    assert codes == [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED]
    assert f"OTEL_{signal.upper()}_EXPORTER=none" in error.details()
    receiver.stop()
    assert spool.counters() == {("refused", "no or wrong token"): 1, ("refused", f"{signal} are not recorded"): 1}


def _export(to: Any, request: Any, **options: Any) -> Any:
    stub: Any = TraceServiceStub(to) if isinstance(request, ExportTraceServiceRequest) else LogsServiceStub(to)
    return stub.Export(request, **options)
