"""A socket that listens."""

from __future__ import annotations

import pytest

from otel_i2e.errors import ConfigError
from otel_i2e.receive.listening import in_url, listening


def test_any_free_port() -> None:
    """0 is one."""
    with listening("127.0.0.1", 0, "http") as made:
        assert made.getsockname()[1]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_port_that_is_taken_is_one_line(protocol: str) -> None:
    """Another port is the way out."""
    with listening("127.0.0.1", 0, "http") as made:
        made.listen()
        port = made.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"^cannot listen on 127.0.0.1:{port} .*choose another --{protocol}-port$"
        ):
            listening("127.0.0.1", port, protocol)


@pytest.mark.parametrize("address", ["host.invalid", "192.0.2.1"])
def test_an_address_of_nobody_here_is_said_to_be_one(address: str) -> None:
    """Another port would not help."""
    with pytest.raises(
        ConfigError, match=rf"cannot listen on {address}:4318 .*; --address takes one of this machine's"
    ):
        listening(address, 4318, "http")


def test_an_address_of_ipv6_is_in_brackets() -> None:
    """RFC 3986, 3.2.2."""
    assert (in_url("::1"), in_url("127.0.0.1")) == ("[::1]", "127.0.0.1")
