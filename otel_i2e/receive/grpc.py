"""OTLP/gRPC: the trace and logs services, on threads.

Bytes go to the intake as they came: gRPC is told neither to parse nor to decompress them, so that the
limit after decompression is ours and the same as over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import grpc

from otel_i2e.errors import ConfigError
from otel_i2e.receive.answers import accepted_body, status_of
from otel_i2e.receive.arrivals import MOST_CALLS, Arrivals
from otel_i2e.receive.astray import UNRECORDED, unrecorded
from otel_i2e.receive.body import too_slow
from otel_i2e.receive.guard import Guard
from otel_i2e.receive.inflate import sniffed
from otel_i2e.receive.intake import Intake
from otel_i2e.receive.listening import in_url, listening
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.services import SERVICES, Service

__all__ = ["grpc_server"]

_THREADS: Final = MOST_CALLS + 16
"""Few are made where no call waits for its message."""
_MOST: Final = 12 * 1024 * 1024
"""Bytes beyond our limit that gRPC lets through, so that the usual too large a batch is refused and counted by us.

gRPC's own RESOURCE_EXHAUSTED is sent again by many exporters, and a handler hears only that nothing came.
"""
_Handler: TypeAlias = Callable[[Iterator[bytes], Any], bytes]
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def grpc_server(
    intake: Intake, guard: Guard, address: str, port: int, arrivals: Arrivals | None = None
) -> tuple[grpc.Server, int]:
    """A server that is not started yet, and its port. Raises ConfigError when the port cannot be had."""
    options: list[tuple[str, int]] = [
        ("grpc.max_receive_message_length", intake.max_body + _MOST),
        ("grpc.per_message_decompression", 0),
        ("grpc.so_reuseport", 0),  # a second receiver on the same port is an error, not a rival
        ("grpc.keepalive_time_ms", 60_000),  # a sender that is gone without a word is found so
    ]
    arrivals = arrivals or Arrivals()
    server: Any = grpc.server(ThreadPoolExecutor(_THREADS, "otel-i2e-grpc"), options=options)
    for service in SERVICES:
        handler: Any = grpc.stream_unary_rpc_method_handler(_export(service, intake, guard, arrivals))  # pyright: ignore[reportUnknownVariableType] -- of bytes and bytes
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.name, {"Export": handler}),))
    for name, signal in UNRECORDED.items():
        handler = grpc.stream_unary_rpc_method_handler(_refusing(signal, intake, guard))  # pyright: ignore[reportUnknownVariableType] -- as above
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
    listening(address, port, "grpc").close()  # gRPC prints what it finds, and not in one line
    host = in_url(address)
    try:
        return server, server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port} for OTLP/gRPC: {error}; choose another --grpc-port"
        ) from None


def _export(service: Service, intake: Intake, guard: Guard, arrivals: Arrivals) -> _Handler:
    def export(requests: Iterator[bytes], context: Any) -> bytes:
        try:
            _check(guard, context)
            body = _only(requests, context, arrivals)
            with intake.held(len(body)):
                accepted = intake.accept(service, "protobuf", sniffed(body), body, transport="grpc")
            return accepted_body(service, accepted, "protobuf")
        except Refused as refused:
            intake.tally.add("refused", refused.reason)
            _refuse(refused, context)
            raise AssertionError from None  # abort raises

    return export


def _refusing(signal: str, intake: Intake, guard: Guard) -> _Handler:
    def export(_requests: Iterator[bytes], context: Any) -> bytes:
        try:
            _check(guard, context)
            raise unrecorded(signal)
        except Refused as refused:
            intake.tally.add("refused", refused.reason)
            _refuse(refused, context)
            raise AssertionError from None  # abort raises

    return export


def _only(requests: Iterator[bytes], context: Any, arrivals: Arrivals) -> bytes:
    """The one message of a call. It is asked for as if there were many, because only so one hears that it did not come:
    gRPC ends the call by itself when the message is larger than it lets through."""
    with arrivals.awaited(context.cancel) as call:
        try:
            return next(requests)
        except (StopIteration, grpc.RpcError):
            if call.had is not None:
                raise too_slow(call.had) from None
            raise Refused(
                "no message over gRPC", "the call ended before its message: too large, or the sender went"
            ) from None


def _check(guard: Guard, context: Any) -> None:
    guard.check_token(dict(context.invocation_metadata()).get("authorization", ""))


def _refuse(refused: Refused, context: Any) -> None:
    context.set_trailing_metadata((("grpc-status-details-bin", status_of(refused).SerializeToString()),))
    context.abort(_CODES[refused.code], str(refused))
