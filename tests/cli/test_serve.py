"""`i2e serve`, as a process."""

from __future__ import annotations

import signal
import time
import urllib.request
from pathlib import Path

import pytest

from otel_i2e.cli.main import main
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_seconds_and_nothing_acknowledged_is_lost(tmp_path: Path, number: int) -> None:
    """Exit code 0; what had not reached the store waits in the spool."""
    ids = span_ids(50)
    with ReceiverProcess(tmp_path / "s.duckdb") as receiver:
        for one in ids:
            body = traces_request([one])
            request = urllib.request.Request(
                receiver.http + "/v1/traces", body, {"content-type": "application/x-protobuf"}
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 200
        began = time.monotonic()
        receiver.process.send_signal(number)
        assert receiver.process.wait(20) == 0
        print(f"stopped after {time.monotonic() - began:.2f} s")
        assert receiver.waiting() + _stored(tmp_path / "s.duckdb") == len(ids)
        assert receiver.counters()["received", "http"] == len(ids)


def test_another_address_without_a_token_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--address", "0.0.0.0", "--store", str(tmp_path / "s.duckdb")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def _stored(store: Path) -> int:
    if not store.exists():
        return 0
    with Store(store).read() as reader:
        return reader.rows("SELECT count(*) AS n FROM spans")[0]["n"]
