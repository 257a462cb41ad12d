"""A socket that listens, or one line on why it cannot."""

from __future__ import annotations

import errno
import socket

from otel_i2e.errors import ConfigError

__all__ = ["in_url", "listening"]


def listening(address: str, port: int, protocol: str) -> socket.socket:
    """A TCP socket that is bound; port 0 is any free one. Raises ConfigError.

    `protocol`, `http` or `grpc`, is for what to do: another port, or another address.
    """
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((address, port))
        except OSError:
            made.close()
            raise
    except OSError as error:
        of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        choice = f"choose another --{protocol}-port" if of_port else "--address takes one of this machine's addresses"
        raise ConfigError(
            f"cannot listen on {in_url(address)}:{port} for OTLP/{'HTTP' if protocol == 'http' else 'gRPC'}: "
            f"{error.strerror}; {choice}"
        ) from None
    return made


def in_url(address: str) -> str:
    """`address` as a URL has it: that of IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address
