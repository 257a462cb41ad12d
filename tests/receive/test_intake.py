"""From bytes to disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from otel_i2e.receive.intake import AT_ONCE, Accepted, Intake
from otel_i2e.receive.refused import FULL_SECONDS, Refused
from otel_i2e.receive.services import TRACES
from otel_i2e.receive.tally import Tally
from otel_i2e.spool import Spool
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json


def _intake(spool: Spool, **options: float) -> Intake:
    return Intake(spool, Tally(spool), read_json, **options)  # pyright: ignore[reportArgumentType] -- ints and floats


def test_an_accepted_request_is_on_disk(spool: Spool) -> None:
    """Another connection to the file sees it, byte for byte."""
    body = traces_request(span_ids(2))
    assert _intake(spool).accept(TRACES, "protobuf", "", body, transport="http") == Accepted(0, "")
    with Spool(spool.path).claim() as batches:
        assert [(b.body, b.items, b.signal, b.encoding) for b in batches] == [(body, 2, "traces", "protobuf")]


def test_a_full_spool_is_refused_for_later(tmp_path: Path) -> None:
    """503 with a time to come back, never 429."""
    spool = Spool(tmp_path / "full.spool", max_bytes=1)
    with pytest.raises(Refused) as caught:
        _intake(spool).accept(TRACES, "protobuf", "", traces_request(span_ids(1)), transport="http")
    assert (caught.value.http_status, caught.value.code, caught.value.retry_after) == (503, 14, FULL_SECONDS)
    spool.close()


def test_a_spool_that_cannot_be_written_is_refused_for_later(tmp_path: Path) -> None:
    """As a full one."""
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "broken.spool")
    intake = _intake(spool)
    with pytest.raises(Refused) as caught:
        intake.accept(TRACES, "protobuf", "", traces_request(span_ids(1)), transport="http")
    assert caught.value.reason == "spool not writable"
    assert "broken.spool" in (intake.ready() or "")


def test_some_spans_that_cannot_be_stored_are_said_and_the_rest_taken(spool: Spool) -> None:
    """Partial success; ingest counts them, so we do not."""
    intake = _intake(spool)
    body = traces_request([("00" * 16, "11" * 8), *span_ids(1)])
    accepted = intake.accept(TRACES, "protobuf", "", body, transport="http")
    assert accepted == Accepted(1, "1 not stored: trace id is not 16 bytes, or zero")
    intake.tally.flush()
    assert spool.counters() == {("received", "http"): 2}
    assert spool.stats().batches == 1


def test_what_was_refused_was_not_received(tmp_path: Path) -> None:
    """However often it is sent again."""
    spool = Spool(tmp_path / "full.spool", max_bytes=30_000)
    intake = _intake(spool)
    taken = refused = 0
    for _ in range(12):
        try:
            intake.accept(TRACES, "protobuf", "", traces_request(span_ids(10)), transport="grpc")
            taken += 10
        except Refused:
            refused += 1
    assert taken
    assert refused
    assert spool.counters() == {("received", "grpc"): taken}
    assert spool.stats().items == taken
    spool.close()


def test_a_request_of_nothing_but_such_spans_does_not_fill_the_spool(spool: Spool) -> None:
    """It is counted here, because ingest will not see it."""
    intake = _intake(spool)
    intake.accept(TRACES, "protobuf", "", traces_request([("", ""), ("", "")]), transport="http")
    intake.tally.flush()
    assert spool.counters() == {("received", "http"): 2, ("rejected", "span: trace id is not 16 bytes, or zero"): 2}
    assert spool.stats().batches == 0


def test_an_empty_request_is_taken_and_leaves_nothing(spool: Spool) -> None:
    """The specification has a server answer it with success."""
    assert _intake(spool).accept(TRACES, "protobuf", "", b"", transport="http") == Accepted(0, "")
    assert spool.stats().batches == 0


def test_a_request_that_waits_too_long_for_its_turn_is_busy(spool: Spool) -> None:
    """While others are stuck, for a bounded time."""
    stuck, release = threading.Barrier(AT_ONCE + 1), threading.Event()

    def slow(_signal: object, _body: bytes) -> list[str | None]:
        stuck.wait(10)
        release.wait(10)
        return []

    intake = Intake(spool, Tally(spool), slow, wait=0.05)
    others = [
        threading.Thread(target=intake.accept, args=(TRACES, "json", "", b"{}"), kwargs={"transport": "http"})
        for _ in range(AT_ONCE)
    ]
    for other in others:
        other.start()
    stuck.wait(10)
    with pytest.raises(Refused) as caught:
        intake.accept(TRACES, "json", "", b"{}", transport="http")
    assert (caught.value.reason, caught.value.http_status) == ("busy", 503)
    release.set()
    for other in others:
        other.join()


def test_bytes_in_memory_are_bounded(spool: Spool) -> None:
    """Beyond the account a request is busy; what is released may be held again."""
    intake = _intake(spool, max_inside=10)
    with intake.held(8), pytest.raises(Refused, match="at once"):
        intake.hold(3)
    with intake.held(10):
        pass
