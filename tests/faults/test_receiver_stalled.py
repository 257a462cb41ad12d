"""A receiver that stands still for seconds, and SDK clients that send meanwhile: nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

CLIENT = Path(__file__).with_name("sdk_client.py")


def _older_sdk(folder: Path) -> str:
    """An interpreter with OpenTelemetry 1.44."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    packages = ["opentelemetry-sdk==1.44.*", "opentelemetry-exporter-otlp==1.44.*"]
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python


@pytest.mark.parametrize("sdk", ["installed", "1.44"])
def test_a_stall_under_load_loses_nothing(tmp_path: Path, full: bool, sdk: str) -> None:
    """By HTTP and gRPC at once; the clients' queues hold what the stall holds up."""
    if sdk != "installed" and not full:
        pytest.skip("makes a virtual environment of its own: run with --full")
    python = sys.executable if sdk == "installed" else _older_sdk(tmp_path / "venv")
    seconds = 5.0 if full else 1.5
    with ReceiverProcess(tmp_path / "s.duckdb") as receiver:
        spans, rate = int(200 * (seconds + 1)), 200
        clients = [
            subprocess.Popen(
                [python, str(CLIENT), protocol, url, str(spans), str(rate)], stdout=subprocess.PIPE, text=True
            )
            for protocol, url in (("http", receiver.http), ("grpc", receiver.grpc))
        ]
        versions = [client.stdout.readline().strip() for client in clients if client.stdout]
        os.kill(receiver.process.pid, signal.SIGSTOP)
        time.sleep(seconds)  # the fault itself
        os.kill(receiver.process.pid, signal.SIGCONT)
        ids = {span for client in clients for span in json.loads(client.communicate(timeout=60)[0])}
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    assert drain(settings, 60)
    with Store.of(settings).read() as reader:
        rows = [row["span_id"] for row in reader.rows("SELECT span_id FROM spans")]
    print(f"{seconds} s of standstill, SDK {versions}: {len(ids)} spans sent, {len(ids - set(rows))} lost")
    assert len(ids) == 2 * spans
    assert sorted(rows) == sorted(ids)
