"""The receiver with everything behind it: requests into the spool, the spool into the store, the online rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.receive.guard import make_guard
from otel_i2e.spool import Spool
from otel_i2e.workflows.ingest_process import IngestProcess
from otel_i2e.workflows.otlp_json import read_json
from otel_i2e.workflows.redaction import request_redactor

if TYPE_CHECKING:
    from otel_i2e.receive.receiver import Receiver

__all__ = ["Listen", "serve"]

_FILES: Final = 65_536  # connections that may be open at once, where the system allows it


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen, and whom to hear."""

    address: str = "127.0.0.1"
    """Any other than a loopback address requires `token`."""
    http_port: int = 4318
    """0 is any free port."""
    grpc_port: int = 4317
    token: str = ""
    """What senders must show; empty asks for none."""
    allow_hosts: frozenset[str] = frozenset()
    """Host names of ours besides `localhost`."""


def serve(settings: Settings, listen: Listen, stop: threading.Event, *, on_ready: Callable[[Receiver], None]) -> None:
    """Take requests until `stop` is set, then finish what is under way and return within seconds.

    With `ingest` off, another process moves the spool. Raises ConfigError for an address, a token or a port that
    cannot be, SpoolError when the spool cannot be opened, UsageError when the extra `serve` is not installed.
    """
    guard = make_guard(listen.address, listen.token, listen.allow_hosts)
    make = _receiver()
    redact = request_redactor(settings)
    _raise_file_limit()
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        spool.stats()
        receiver = make(
            spool,
            read_json,
            guard=guard,
            address=listen.address,
            http_port=listen.http_port,
            grpc_port=listen.grpc_port,
            redact=redact,
        )
        with receiver, IngestProcess(settings) as ingesting:
            on_ready(receiver)
            read_json("traces", b"{}")  # loads the decoder, before the first JSON request has to
            while receiver.alive() and not stop.wait(0.2):
                ingesting.keep()
    finally:
        spool.close()


def _receiver() -> type[Receiver]:
    try:
        from otel_i2e.receive.receiver import Receiver
    except ModuleNotFoundError as error:
        raise UsageError(
            f"`i2e serve` needs {error.name!r}, which is not installed; pip install 'otel-i2e[serve]'"
        ) from None
    return Receiver


def _raise_file_limit() -> None:
    """A connection is a file; the usual soft limit of 1,024 is less than what slow senders alone may take."""
    with suppress(ImportError, OSError, ValueError):  # not on Windows; not always allowed
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
