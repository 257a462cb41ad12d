"""Who may send."""

from __future__ import annotations

import pytest

from otel_i2e.errors import ConfigError
from otel_i2e.receive.guard import is_loopback, make_guard
from otel_i2e.receive.refused import Refused

LOOPBACK = make_guard("127.0.0.1", "", frozenset({"me.test"}))


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:4318", "127.0.0.1:1", "127.8.9.1", "[::1]:4318", "LOCALHOST.", "me.test:80"]
)
def test_our_own_names_pass(host: str) -> None:
    """Loopback by name and address, with and without port, and what was allowed."""
    LOOPBACK.check_headers({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.test", "evil.test:4318", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[::2]", "::"),
        *("[::1].evil.test", "localhost:evil.test", "localhost@evil.test", "localhost/evil.test", "[::1", "2130706433"),
    ],
)
def test_a_foreign_host_does_not_pass(host: str) -> None:
    """A name that was made to resolve to this machine is still a foreign name."""
    with pytest.raises(Refused, match="--allow-host") as caught:
        LOOPBACK.check_headers({"host": host})
    assert caught.value.http_status == 403


@pytest.mark.parametrize(
    "headers",
    [{"origin": "null"}, {"origin": "http://localhost:4318"}, {"sec-fetch-site": "cross-site"}],
    ids=str,
)
def test_a_web_page_does_not_pass(headers: dict[str, str]) -> None:
    """Whatever its origin is: exporters send none."""
    with pytest.raises(Refused) as caught:
        LOOPBACK.check_headers({"host": "localhost", **headers})
    assert caught.value.http_status == 403


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic right", "right", "Bearer rightt"])
def test_a_missing_or_wrong_token_does_not_pass(given: str) -> None:
    """401, over HTTP and in gRPC metadata alike."""
    guard = make_guard("127.0.0.1", "right", frozenset())
    with pytest.raises(Refused) as caught:
        guard.check_headers({"host": "localhost", "authorization": given})
    assert (caught.value.http_status, caught.value.code) == (401, 16)


@pytest.mark.parametrize("given", ["Bearer right", "bearer right", "BEARER  right "])
def test_the_token_passes(given: str) -> None:
    """The scheme is not case-sensitive (RFC 9110, 11.1)."""
    make_guard("127.0.0.1", "right", frozenset()).check_headers({"host": "localhost", "authorization": given})


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "example.test", ""])
def test_other_addresses_require_a_token(address: str) -> None:
    """One line with the value and the remedy."""
    with pytest.raises(ConfigError, match=r"I2E_TOKEN .* 127\.0\.0\.1"):
        make_guard(address, "", frozenset())


def test_with_a_token_any_host_passes_elsewhere_unless_some_are_listed() -> None:
    """In a cluster we are called by names we do not know; listing names closes that."""
    make_guard("0.0.0.0", "t", frozenset()).check_headers({"host": "i2e.svc", "authorization": "Bearer t"})
    with pytest.raises(Refused):
        make_guard("0.0.0.0", "t", frozenset({"i2e.svc"})).check_headers({"host": "x", "authorization": "Bearer t"})


@pytest.mark.parametrize("token", ["a b", "a\n", "ä", "\x7f"])
def test_a_token_that_no_header_carries_is_refused_at_start(token: str) -> None:
    """And is not printed."""
    with pytest.raises(ConfigError) as caught:
        make_guard("127.0.0.1", token, frozenset())
    assert token not in str(caught.value)


def test_loopback_is_this_machine_and_no_other() -> None:
    """Names are not resolved."""
    assert [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "host.test")] == [True] * 3 + [
        False
    ] * 2
