"""Who may send: a token where others can reach us, and no web page anywhere.

A page in a browser on this machine can reach a loopback port: by its name made to resolve to 127.0.0.1
(DNS rebinding; the Host header gives it away) or across sites (the Origin header does). No OTLP exporter
sends an Origin, so none is allowed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from otel_i2e.errors import ConfigError
from otel_i2e.receive.refused import Refused

__all__ = ["Guard", "is_loopback", "make_guard"]

_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]@/]*))(?::\d{1,5})?")
"""RFC 9112, 3.2: an address of IPv6 in brackets, or a name; and a port."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of one receiver."""

    token: str = ""
    """What `Authorization: Bearer` must carry; empty asks for none."""
    hosts: frozenset[str] | None = frozenset()
    """Host names that are ours besides `localhost` and loopback addresses; None is any."""

    def check_token(self, authorization: str) -> None:
        """Raises Refused unless the header value carries the token. Takes the same time for every wrong one."""
        if not self.token:
            return
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
            raise Refused("no or wrong token", "a token is required: send the header 'Authorization: Bearer …'")

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Raises Refused unless a request with these headers (names in lower case) may pass."""
        host = headers.get("host", "")
        if self.hosts is not None and not (is_loopback(name := _name_of(host)) or name in self.hosts):
            raise Refused(
                "foreign host", f"host {host[:200]!r} is not ours; `i2e serve --allow-host NAME` adds a name of yours"
            )
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            raise Refused("foreign origin", "requests that a web page makes are not taken; send from an OTLP exporter")
        self.check_token(headers.get("authorization", ""))


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine and no other."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def make_guard(address: str, token: str, allow_hosts: frozenset[str]) -> Guard:
    """The rules for a receiver that listens on `address`.

    Raises ConfigError where others could reach it without a token. With a token on such an address any
    Host passes unless some are listed: a page that rebinds a name does not know the token.
    """
    if any(ch.isspace() or not ch.isprintable() or not ch.isascii() for ch in token):
        raise ConfigError("the token has a space, a control character or a non-ASCII one; a header cannot carry it")
    if is_loopback(address):
        return Guard(token, allow_hosts)
    if not token:
        raise ConfigError(
            f"address {address!r} can be reached from other machines, so a token is required; "
            "set I2E_TOKEN (or --token), or listen on 127.0.0.1"
        )
    return Guard(token, (allow_hosts | {address}) if allow_hosts else None)


def _name_of(host: str) -> str:
    """The name in a Host header: without port and brackets, in lower case, without the root's dot; empty for none."""
    found = _HOST.fullmatch(host.strip().lower())
    return (found[1] or found[2]).rstrip(".") if found is not None else ""
