"""A disk that is full, and one that fails at the n-th write, n = 1 until nothing fails any more."""

from __future__ import annotations

import errno
import http.client
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

TRIALS = Path(__file__).with_name("disk_fault_trials.py")
PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ERRORS = {errno.EIO: "EIO", errno.ENOSPC: "ENOSPC"}
ENOUGH = 400
"""Writes of one operation at most; more means that it does not end."""


def _by_http(receiver: ReceiverProcess, body: bytes) -> str:
    """The status; of a 503 only when it says when to come again."""
    connection = http.client.HTTPConnection(urlsplit(receiver.http).netloc, timeout=30)
    try:
        connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
        answer = connection.getresponse()
        assert answer.status != 503 or int(answer.headers["retry-after"]) > 0
        return str(answer.status)
    finally:
        connection.close()


def _by_grpc(receiver: ReceiverProcess, body: bytes) -> str:
    with grpc.insecure_channel(urlsplit(receiver.grpc).netloc) as channel:
        call: Any = channel.unary_unary(PATH)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- bytes in and out
        try:
            call(body, timeout=30)
        except grpc.RpcError as error:
            failed: Any = error
            return failed.code().name
    return "OK"


def _stored(folder: Path) -> list[str]:
    settings = Settings(store=str(folder / "s.duckdb"))
    assert drain(settings, 120)
    with Store.of(settings).read() as reader:
        assert reader.rows("SELECT max(hash(COLUMNS(*))) FROM span_rows")  # every byte can be read
        return [row["span_id"] for row in reader.rows("SELECT span_id FROM span_rows")]


def _exactly(folder: Path, expected: set[str]) -> None:
    rows = _stored(folder)
    assert set(rows) >= expected, f"{len(expected - set(rows))} acknowledged spans are missing"
    assert len(rows) == len(set(rows))
    assert damaged_beside(folder / "s.duckdb") == []


@pytest.mark.parametrize("number", ERRORS, ids=ERRORS.values())
def test_the_receiver_says_later_and_goes_on_by_itself(
    disk: Any, monkeypatch: pytest.MonkeyPatch, full: bool, number: int
) -> None:
    """Whichever write of a request fails: 503 or UNAVAILABLE, the sender's next try is taken, nothing is lost."""
    for name, value in disk.environment.items():
        monkeypatch.setenv(name, value)
    answers: Counter[str] = Counter()
    acknowledged: set[str] = set()
    faults = 0
    with ReceiverProcess(disk.folder / "s.duckdb", "--no-ingest") as receiver:
        for deliver, taken in ((_by_http, "200"), (_by_grpc, "OK")):
            assert deliver(receiver, traces_request(span_ids(1))) == taken
            for n in range(1, ENOUGH):
                ids = span_ids(2)
                body = traces_request(ids, content="x" * 9000)
                disk.fail(n, number, times=1 if n % 2 or not full else 3)
                answers[first := deliver(receiver, body)] += 1
                if not disk.mend():
                    assert first == taken
                    break
                faults += 1
                if first != taken:
                    assert deliver(receiver, body) == taken, "it does not go on"
                acknowledged |= {span for _, span in ids}
            else:
                pytest.fail("it never becomes clean")
        assert receiver.process.poll() is None
    for name in disk.environment:
        monkeypatch.delenv(name)
    print(f"receiver, {ERRORS[number]} at each of {faults} writes: {dict(answers)}, then taken")
    assert set(answers) <= {"200", "503", "OK", "UNAVAILABLE"}
    assert {"503", "UNAVAILABLE"} <= set(answers)
    _exactly(disk.folder, acknowledged)


@contextmanager
def _trial(disk: Any, what: str) -> Generator[Any]:
    """Sends a line to a process on the faulty disk, and gives its answer."""
    with subprocess.Popen(
        [sys.executable, str(TRIALS), what, str(disk.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **disk.environment},
    ) as process:

        def ask(line: str = "") -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            print(line, file=process.stdin, flush=True)
            answer = process.stdout.readline()
            assert answer, f"the process ended with code {process.wait()}"
            return json.loads(answer)

        yield ask


@pytest.mark.parametrize("number", ERRORS, ids=ERRORS.values())
def test_ingest_tries_again_and_breaks_nothing(disk: Any, full: bool, number: int) -> None:
    """Whichever write of a lease fails: the rows are there once after the next turn, and every byte can be read."""
    expected: set[str] = set()
    failed: Counter[str] = Counter()
    step = 1 if full else 6
    faults = 0
    with _trial(disk, "ingest") as ask:
        expected |= set(ask("put")["put"])
        ask()
        for n in range(1, ENOUGH, step):
            expected |= set(ask("put")["put"])
            disk.fail(n, number, times=1 if n % 2 else 4)
            found = ask()
            if not disk.mend():
                assert "error" not in found, found
                break
            faults += 1
            failed[found.get("error", "went well all the same")] += 1
            again = ask()
            assert "error" not in again, (n, again)
        else:
            pytest.fail("it never becomes clean")
    print(f"ingest, {ERRORS[number]} at {faults} of its writes: {dict(failed)}; {len(expected)} spans")
    assert set(failed) <= {"StoreError", "SpoolError", "went well all the same"}
    _exactly(disk.folder, expected)


@pytest.mark.parametrize("number", ERRORS, ids=ERRORS.values())
def test_an_application_counts_what_it_loses(disk: Any, number: int) -> None:
    """Whichever write of capture fails: the span is in the spool, or counted as dropped; the application goes on."""
    spans: list[str] = []
    faults = 0
    slowest = 0.0
    with _trial(disk, "capture") as ask:
        spans.append(ask()["span"])
        for n in range(1, ENOUGH):
            disk.fail(n, number, times=1 if n % 2 else 40)
            found = ask()
            spans.append(found["span"])
            slowest = max(slowest, found["took"])
            if not disk.mend():
                break
            faults += 1
        else:
            pytest.fail("it never becomes clean")
        spans.append(ask()["span"])
        assert ask()["counts"] == {}, "the spool has the counts by now"
    spool = Spool(disk.folder / "s.duckdb.spool")
    dropped = sum(n for (counter, _), n in spool.counters().items() if counter == "dropped")
    spool.close()
    rows = _stored(disk.folder)
    kept = len(set(rows) & set(spans))
    print(
        f"capture, {ERRORS[number]} at each of {faults} writes: {len(spans)} spans, {kept} stored, {dropped} counted "
        f"as dropped; the application waited {slowest * 1e3:.1f} ms at most for a span"
    )
    assert spans[-1] in rows
    assert len(rows) == len(set(rows))
    assert kept + dropped >= len(spans)
    assert not damaged_beside(disk.folder / "s.duckdb")


@pytest.fixture
def small(tmp_path: Path) -> Generator[Path]:
    """A file system of 24 MiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting needs privileges; the disk that fails at the n-th write covers ENOSPC")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system_and_then_room(small: Path) -> None:
    """503 and UNAVAILABLE while it is full; taken again as soon as there is room, without a restart."""
    filler = small / "something else"
    filler.write_bytes(bytes(20 * 1024 * 1024))
    acknowledged: set[str] = set()
    with ReceiverProcess(small / "s.duckdb", "--no-ingest") as receiver:
        answers: Counter[str] = Counter()
        while min(answers["503"], answers["UNAVAILABLE"]) < 5:
            ids = span_ids(4)
            deliver = _by_grpc if answers.total() % 2 else _by_http
            answers[answer := deliver(receiver, traces_request(ids, content="x" * 30_000))] += 1
            if answer in ("200", "OK"):
                acknowledged |= {span for _, span in ids}
        filler.unlink()
        ids, again = span_ids(4), span_ids(4)
        assert _by_http(receiver, traces_request(ids)) == "200"
        assert _by_grpc(receiver, traces_request(again)) == "OK"
        acknowledged |= {span for _, span in [*ids, *again]}
    print(f"full file system: {dict(answers)}; with room again taken at once, {len(acknowledged)} spans acknowledged")
    assert set(answers) == {"200", "503", "OK", "UNAVAILABLE"}
    _exactly(small, acknowledged)
