"""A real receiver, over a real spool, on free ports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.receive.guard import make_guard
from otel_i2e.receive.receiver import Receiver
from otel_i2e.spool import Spool
from otel_i2e.workflows.otlp_json import read_json

RunReceiver = Callable[..., Receiver]


@pytest.fixture
def spool(tmp_path: Path) -> Generator[Spool]:
    """An empty spool."""
    made = Spool(tmp_path / "s.duckdb.spool")
    yield made
    made.close()


@pytest.fixture
def run_receiver(spool: Spool) -> Generator[RunReceiver]:
    """Starts a receiver over `spool`; stops it afterwards."""
    running: list[Receiver] = []

    def run(*, token: str = "", address: str = "127.0.0.1", hosts: frozenset[str] = frozenset(), **at: Any) -> Receiver:
        guard = make_guard(address, token, hosts)
        receiver = Receiver(at.pop("spool", spool), read_json, guard=guard, address=address, http_port=0, grpc_port=0)
        running.append(receiver)
        receiver.start()
        return receiver

    yield run
    for receiver in running:
        receiver.stop()
    assert not [t for t in threading.enumerate() if t.name.startswith("otel-i2e-tally")]
