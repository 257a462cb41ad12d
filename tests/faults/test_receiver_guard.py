"""Every route × method is behind the guard, known routes and others alike."""

from __future__ import annotations

import http.client
from collections.abc import Generator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from otel_i2e.receive.guard import Guard
from otel_i2e.receive.http import HttpApp
from otel_i2e.receive.intake import Intake
from otel_i2e.receive.services import SERVICES
from otel_i2e.receive.tally import Tally
from otel_i2e.spool import Spool
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.otlp_json import read_json

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
WRONG: dict[str, tuple[dict[str, str], int]] = {
    "no token": ({}, 401),
    "wrong token": ({"authorization": "Bearer wrong"}, 401),
    "another scheme": ({"authorization": "Basic cmlnaHQ6"}, 401),
    "bad host": ({"authorization": "Bearer right", "host": "evil.test"}, 403),
    "cross-site origin": ({"authorization": "Bearer right", "origin": "https://evil.test"}, 403),
    "null origin": ({"authorization": "Bearer right", "origin": "null"}, 403),
    "cross-site fetch": ({"authorization": "Bearer right", "sec-fetch-site": "cross-site"}, 403),
}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Generator[ReceiverProcess]:
    """A receiver with a token."""
    store = tmp_path_factory.mktemp("guard") / "s.duckdb"
    with ReceiverProcess(store, "--no-ingest", token="right") as running:
        yield running


def _paths(tmp_path: Path) -> list[str]:
    """The router's own list, and paths that it has not."""
    spool = Spool(tmp_path / "unused.spool")
    routes = HttpApp(Intake(spool, Tally(spool), read_json), Guard()).routes
    assert {route.path for route in routes} >= {service.path for service in SERVICES}
    return [*(route.path for route in routes), "/", "/v1/metrics", "/../v1/traces", "//v1/traces"]


def _ask(receiver: ReceiverProcess, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    connection = http.client.HTTPConnection(urlsplit(receiver.http).netloc, timeout=20)
    try:
        connection.request(method, path, body, {"content-type": "application/x-protobuf", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_route_and_method_refuses(receiver: ReceiverProcess, tmp_path: Path) -> None:
    """401 without the token; 403 with it, from a foreign host or a web page."""
    asked = 0
    for path, method, (headers, expected) in product(_paths(tmp_path), METHODS, WRONG.values()):
        assert _ask(receiver, method, path, headers, traces_request(span_ids(1))) == expected, (method, path, headers)
        asked += 1
    print(f"{asked} requests: every route × method × {', '.join(WRONG)}: 401 or 403 for all")
    assert receiver.waiting() == 0


def test_with_the_token_the_same_request_passes(receiver: ReceiverProcess) -> None:
    """So it was the guard that refused."""
    body = traces_request(span_ids(1))
    assert _ask(receiver, "POST", "/v1/traces", {"authorization": "Bearer right"}, body) == 200
    assert receiver.waiting() == 1


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer wrong"),)], ids=["no token", "wrong token"])
def test_every_grpc_service_refuses(receiver: ReceiverProcess, service: Any, metadata: Any) -> None:
    """UNAUTHENTICATED."""
    with grpc.insecure_channel(urlsplit(receiver.grpc).netloc) as channel:
        call: Any = channel.unary_unary(f"/{service.name}/Export")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- bytes in and out
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", metadata=metadata)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    print("gRPC services with a missing or wrong token: UNAUTHENTICATED")
