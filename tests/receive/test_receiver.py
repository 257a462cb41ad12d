"""Both servers together."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from otel_i2e.errors import ConfigError
from otel_i2e.receive.guard import Guard
from otel_i2e.receive.receiver import Receiver
from otel_i2e.spool import Spool
from otel_i2e.workflows.otlp_json import read_json


def test_a_taken_port_is_named(run_receiver: Any, spool: Spool) -> None:
    """The address, and the option that chooses another; the other server lets go of its port."""
    first: Receiver = run_receiver()
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{first.http_port} .* --http-port"):
        Receiver(spool, read_json, guard=Guard(), http_port=first.http_port, grpc_port=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{first.grpc_port} .* --grpc-port"):
        Receiver(spool, read_json, guard=Guard(), http_port=free, grpc_port=first.grpc_port)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free))


def test_ipv6_loopback(run_receiver: Any) -> None:
    """Its URLs have brackets."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        receiver: Receiver = run_receiver(address="::1")
    except ConfigError:
        pytest.skip("no IPv6 loopback here")
    assert receiver.http_url == f"http://[::1]:{receiver.http_port}"
    with socket.create_connection(("::1", receiver.http_port), timeout=10):
        pass


def test_a_stopped_receiver_lets_go_of_its_ports(run_receiver: Any, spool: Spool) -> None:
    """A new one may take them at once."""
    first: Receiver = run_receiver()
    first.stop()
    assert not first.alive()
    with Receiver(spool, read_json, guard=Guard(), http_port=first.http_port, grpc_port=first.grpc_port) as second:
        assert second.alive()


def test_a_grpc_port_that_is_taken_is_one_line(
    run_receiver: Any, spool: Spool, capfd: pytest.CaptureFixture[str]
) -> None:
    """gRPC's own words about it are not shown."""
    first: Receiver = run_receiver()
    with pytest.raises(ConfigError, match=r"for OTLP/gRPC: .*; choose another --grpc-port$"):
        Receiver(spool, read_json, guard=Guard(), http_port=0, grpc_port=first.grpc_port)
    assert capfd.readouterr().err == ""
