"""From the spool into the store, on a real spool and a real DuckDB file."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.config import Settings
from otel_i2e.errors import RowRefused, StoreError, StoreLocked
from otel_i2e.models import ScoreRow, Span, SpanRow
from otel_i2e.receive.salvage import UNREADABLE
from otel_i2e.spool import Signal, Spool
from otel_i2e.store import Store, Writer
from otel_i2e.store import insert as insert_module
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows import ingest as module
from otel_i2e.workflows import preparing
from otel_i2e.workflows.ingest import SKIPPED, IngestReport, drain, ingest
from otel_i2e.workflows.rejects import rejects_folder

NOW = 1_763_650_000_000_000_000
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Łódź?"}]}]',
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 5,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store of its own."""
    return Settings(store=str(tmp_path / "i2e.duckdb"), lock_timeout=10)


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    """Its spool."""
    spool = Spool(settings.spool_path)
    yield spool
    spool.close()


def test_spans_become_rows(settings: Settings, spool: Spool) -> None:
    """What was put is stored, normalised, stamped and gone from the spool."""
    spool.put(traces(1, 2), items=2)
    spool.put(traces(3), items=1)
    report = ingest(settings)
    assert report == IngestReport(received=3, stored=3)
    stored = spans(settings)
    assert [span.span_id for span in stored] == [f"{n:016x}" for n in (1, 2, 3)]
    assert (stored[0].kind, stored[0].input_text, stored[0].dialect) == ("llm", "Łódź?", "opentelemetry")
    assert stored[0].ingested_at is not None
    assert spool.stats().batches == 0
    assert not rejects_folder(settings).exists()


def test_the_same_again_is_a_counted_duplicate(settings: Settings, spool: Spool) -> None:
    """Delivered twice, in one batch and later: one row."""
    spool.put(traces(1, 1, 2))
    assert ingest(settings) == IngestReport(received=3, stored=2, duplicate=1)
    spool.put(traces(2, 1))
    assert ingest(settings, spool=spool) == IngestReport(received=2, stored=0, duplicate=2)
    assert len(spans(settings)) == 2
    assert spool.counters()["duplicate", ""] == 3


def test_nothing_recorded_makes_no_files(settings: Settings) -> None:
    """Asking costs nothing: neither a spool nor a store comes to be."""
    assert ingest(settings) == IngestReport()
    assert drain(settings, 0)
    assert list(Path(settings.store).parent.iterdir()) == []


def test_bytes_that_do_not_decode_are_set_aside_and_block_nothing(settings: Settings, spool: Spool) -> None:
    """Counted with a reason, kept beside the store with the error, while the rest is stored."""
    spool.put(b"\xff\xff no protobuf", items=7)
    spool.put(traces(1))
    spool.put(b"{broken", encoding="json", signal="logs", items=2)
    report = ingest(settings)
    assert report.rejected == {"traces: not decodable": 7, "logs: not decodable": 2}
    assert report.stored == 1
    assert spool.stats().batches == 0
    kept = sorted(rejects_folder(settings).iterdir())
    assert [path.suffix for path in kept] == [".pb", ".txt", ".json", ".txt"]
    assert kept[0].read_bytes() == b"\xff\xff no protobuf"
    assert "no ExportTraceServiceRequest" in kept[1].read_text()
    assert spool.counters()["rejected", "traces: not decodable"] == 7


def test_what_too_many_spans_share_is_cut_and_counted(settings: Settings, spool: Spool) -> None:
    """A resource of 1 MB with 200 spans would be 200 MB of rows."""
    sent = json.loads(traces_request(span_ids(200), encoding="json"))
    shared = {"attributes": [{"key": "process.environment", "value": {"stringValue": "x" * 1_000_000}}]}
    sent["resourceSpans"][0]["resource"] = shared
    spool.put(json.dumps(sent).encode(), encoding="json", items=200)
    assert ingest(settings).stored == 200
    assert spool.counters()["cut", "resource, too large for so many spans"] == 200
    assert all(len(json.dumps(span.resource)) < 500 for span in spans(settings))


def test_a_span_without_an_id_does_not_take_its_batch_with_it(settings: Settings, spool: Spool) -> None:
    """Its neighbours are stored; the bytes of the whole request are kept."""
    body = traces(0, 1)
    spool.put(body)
    report = ingest(settings)
    assert (report.stored, report.rejected) == (1, {"span: span id is not 8 bytes, or zero": 1})
    (kept,) = rejects_folder(settings).glob("*.pb")
    assert kept.read_bytes() == body


def test_what_can_be_read_of_a_request_is_stored(settings: Settings, spool: Spool) -> None:
    """One that reached the spool whole, from a process with more room for deep values: a file, an earlier version."""
    deep = '{"arrayValue":{"values":[' * 2_000 + '{"intValue":1}' + "]}}" * 2_000
    sent = json.loads(traces_request(span_ids(2), encoding="json"))
    sent["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = [{"key": "k", "value": "MARK"}]
    spool.put(json.dumps(sent).replace('"MARK"', deep).encode(), encoding="json", items=2)
    report = ingest(settings)
    assert (report.received, report.stored, report.rejected) == (2, 1, {f"span: {UNREADABLE}": 1})
    assert len(list(rejects_folder(settings).glob("*.json"))) == 1


@pytest.mark.parametrize("step", ["slim_span", "shorten_span", "normalize_span", "event_scores"])
def test_whatever_step_fails_costs_one_span(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before normalising, too: such a request would come again and again."""
    real = getattr(preparing, step)

    def clumsy(raw: Any, *others: Any) -> Any:
        span = raw if step != "event_scores" else raw[0]
        if span.span_id.endswith("1"):
            raise RecursionError
        return real(raw, *others)

    monkeypatch.setattr(preparing, step, clumsy)
    spool.put(traces(1, 2))
    report = ingest(replace(settings, max_content_bytes=1_000))
    assert (report.stored, report.rejected) == (1, {"span: RecursionError in normalize": 1})


def test_a_mistake_of_ours_in_one_span_is_counted(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception while normalising costs that span, not its neighbours."""
    real = preparing.normalize_span

    def clumsy(raw: Any, logs: Any) -> Any:
        if raw.span_id.endswith("1"):
            raise KeyError("oops")
        return real(raw, logs)

    monkeypatch.setattr(preparing, "normalize_span", clumsy)
    spool.put(traces(1, 2))
    report = ingest(settings)
    assert (report.stored, report.rejected) == (1, {"span: KeyError in normalize": 1})
    (why,) = rejects_folder(settings).glob("*.txt")
    assert why.read_text() == "span 0000000000000001: KeyError('oops')\n"


def test_a_row_that_the_store_refuses_is_found_among_the_others(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halves of halves: only the culprit is set aside."""
    real = Writer.add_spans

    def picky(self: Writer, rows: Sequence[SpanRow], there: Any = None) -> int:
        if any(row["span_id"].endswith("5") for row in rows):
            raise RowRefused("not this one")
        return real(self, rows, there)

    monkeypatch.setattr(Writer, "add_spans", picky)
    spool.put(traces(*range(3, 7)))
    report = ingest(settings)
    assert (report.stored, report.duplicate) == (3, 0)
    assert report.rejected == {"span: refused by the store": 1}
    assert "0000000000000005" not in {span.span_id for span in spans(settings)}
    assert len(list(rejects_folder(settings).glob("*.pb"))) == 1


def test_a_row_that_is_refused_alone_is_set_aside_at_once(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for others that show it is to blame: a plain row does, and leaves no trace."""
    real = Writer.add_spans

    def picky(self: Writer, rows: Sequence[SpanRow], there: Any = None) -> int:
        if any(row["span_id"].endswith("5") for row in rows):
            raise RowRefused("not this one")
        return real(self, rows, there)

    monkeypatch.setattr(Writer, "add_spans", picky)
    spool.put(traces(5))
    assert ingest(settings).rejected == {"span: refused by the store": 1}
    assert spans(settings) == []
    spool.put(traces(1))
    assert ingest(settings).stored == 1


def test_a_score_that_the_store_refuses_holds_up_nothing(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted; spans, other scores and later batches are stored."""
    real = Writer.add_scores

    def picky(self: Writer, rows: Sequence[ScoreRow]) -> int:
        if any(row.name == "bad" for row in rows):
            raise RowRefused("not this one")
        return real(self, rows)

    monkeypatch.setattr(Writer, "add_scores", picky)
    sent = [
        ("gen_ai.evaluation.result", 1, {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": 0.5})
        for name in ("good", "bad", "fine")
    ]
    spool.put(traces(1))
    spool.put(logs(*sent), signal="logs")
    report = ingest(settings)
    assert (report.stored, report.scores, report.rejected) == (1, 2, {"score: refused by the store": 1})
    assert spool.stats().batches == 0
    assert spool.counters()["rejected", "score: refused by the store"] == 1


@pytest.mark.parametrize("numbers", [(1,), (1, 2, 3)])
@pytest.mark.parametrize("defect", ["no such column", "a type", "KeyError", "NameError"])
def test_a_defect_of_ours_sets_nothing_aside(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch, numbers: tuple[int, ...], defect: str
) -> None:
    """A missing column, a wrong type, a mistake in Python: raised, nothing rejected, stored once it is mended."""
    ingest(settings)
    spool.put(traces(*numbers), items=len(numbers))
    with monkeypatch.context() as patch:
        if defect in ("no such column", "a type"):
            statement = {
                "no such column": "INSERT INTO span_rows (invented) SELECT name FROM i2e_batch",
                "a type": "INSERT INTO span_rows (start_time) SELECT CAST(md5(name) AS TIMESTAMPTZ) FROM i2e_batch",
            }[defect]
            patch.setattr(insert_module, "_statement", giving(statement))
        else:
            error = KeyError("oops") if defect == "KeyError" else NameError("oops")
            patch.setattr(Writer, "add_spans", failing(error))
        with pytest.raises(Exception, match=r"invented|Conversion|Could not convert|invalid|oops"):
            ingest(settings)
    assert spool.stats().batches == 1
    assert spool.counters() == {}
    assert not rejects_folder(settings).exists()
    assert ingest(settings).stored == len(numbers)


def test_a_defect_of_ours_in_normalizing_sets_nothing_aside(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is not defined is no span's fault."""
    spool.put(traces(1, 2))
    with monkeypatch.context() as patch:
        patch.setattr(preparing, "normalize_span", failing(NameError("oops")))
        with pytest.raises(NameError):
            ingest(settings)
    assert ingest(settings).stored == 2


def failing(error: Exception) -> Any:
    """A function that raises `error`."""

    def fail(*_: object) -> Any:
        raise error

    return fail


def giving(value: str) -> Any:
    """A function that gives `value`."""

    def give(*_: object) -> str:
        return value

    return give


def test_no_lease_is_begun_after_a_stop(settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease that is open ends; what comes after it waits for the next process."""
    stop = threading.Event()
    real = Writer.add_spans

    def stopping(self: Writer, rows: Sequence[SpanRow], there: Any = None) -> int:
        stop.set()
        return real(self, rows, there)

    monkeypatch.setattr(module, "_PORTION_BYTES", 1)
    monkeypatch.setattr(module, "_LEASE_BYTES", 1)
    monkeypatch.setattr(Writer, "add_spans", stopping)
    for number in (1, 2, 3):
        spool.put(traces(number))
    assert ingest(settings, stop=stop).stored == 1
    assert spool.stats().batches == 2
    assert ingest(settings, stop=stop) == IngestReport()


def test_a_store_that_takes_nothing_keeps_everything_waiting(
    settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is nobody's poison: the error is raised, nothing is rejected, the next time it is stored."""

    def broken(self: Store) -> Any:
        raise StoreError("disk full")

    spool.put(traces(1, 2))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", broken)
        with pytest.raises(StoreError, match="disk full"):
            ingest(settings)
    assert spool.stats().batches == 1
    assert spool.counters() == {}
    assert ingest(settings).stored == 2


def test_a_locked_store_keeps_everything_waiting(settings: Settings, spool: Spool) -> None:
    """StoreLocked after the wait; nothing is lost or counted as rejected."""
    spool.put(traces(1))
    impatient = Settings(store=settings.store, lock_timeout=0.1)
    with Store.of(settings).write(), pytest.raises(StoreLocked):
        ingest(impatient)
    assert spool.stats().batches == 1
    assert not drained_while_locked(settings, impatient)
    assert drain(settings, 5)
    assert len(spans(settings)) == 1


def drained_while_locked(settings: Settings, impatient: Settings) -> bool:
    """What `drain` says while somebody else writes."""
    with Store.of(settings).write():
        return drain(impatient, 0.3)


def test_scores_and_contents_in_log_records_find_their_place(settings: Settings, spool: Spool) -> None:
    """Feedback becomes a score of its trace, a message becomes the span's input, whatever the order of arrival."""
    feedback = {"gen_ai.evaluation.name": "feedback", "gen_ai.evaluation.score.value": 0.0, "i2e.score.source": "user"}
    spool.put(
        logs(("gen_ai.evaluation.result", 0, feedback), ("gen_ai.user.message", 1, {"content": "hi"})), signal="logs"
    )
    spool.put(traces(1, attributes={"gen_ai.operation.name": "chat"}))
    report = ingest(settings)
    assert (report.stored, report.scores, report.rejected) == (1, 1, {})
    (span,) = spans(settings)
    assert span.input_text == "hi"
    with Store.of(settings).read() as reader:
        (score,) = reader.scores()
    assert (score.name, score.value, score.source, score.span_id) == ("feedback", 0.0, "user", None)


def test_content_of_no_span_is_set_aside(settings: Settings, spool: Spool) -> None:
    """Counted and kept; other log records are none of ours."""
    spool.put(logs(("gen_ai.user.message", 0, {"content": "hi"}), ("app.started", 9, {})), signal="logs")
    report = ingest(settings)
    assert (report.rejected, report.skipped) == ({"log record: content of no span": 1}, 1)
    assert {key: n for key, n in spool.counters().items() if key[0] in ("read", "skipped")} == {("skipped", SKIPPED): 1}
    assert len(list(rejects_folder(settings).glob("*-logs.pb"))) == 1


@pytest.mark.parametrize(("field", "value"), [("traceId", "zz"), ("spanId", "11")])
def test_content_of_a_span_that_cannot_be_is_set_aside(
    settings: Settings, spool: Spool, field: str, value: str
) -> None:
    """It does not wait a week for a span whose id is none."""
    ids = {"traceId": "1" * 32, "spanId": "2" * 16} | {field: value}
    record = {**ids, "eventName": "gen_ai.user.message", "body": {"stringValue": "hi"}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    spool.put(body.encode(), signal="logs", encoding="json")
    what, size = ("trace", 16) if field == "traceId" else ("span", 8)
    report = ingest(settings)
    assert (report.read, report.rejected) == (0, {f"log record: {what} id is not {size} bytes, or zero": 1})


@pytest.mark.parametrize("order", ["log first", "span first", "log between"])
@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "portions of one lease"])
def test_content_finds_its_span_whichever_comes_first(
    settings: Settings, spool: Spool, order: str, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In requests of their own, each ingested before the next or all together; the same record twice is there once."""
    monkeypatch.setattr(module, "_PORTION_BYTES", 1)
    span = traces(1, attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    asked = logs(("gen_ai.user.message", 1, {"content": "hi"}))
    answered = logs(("gen_ai.choice", 1, {"message": '{"role":"assistant","content":"ho"}'}))
    orders: dict[str, list[tuple[bytes, Signal]]] = {
        "log first": [(asked, "logs"), (answered, "logs"), (span, "traces")],
        "span first": [(span, "traces"), (asked, "logs"), (answered, "logs")],
        "log between": [(asked, "logs"), (span, "traces"), (answered, "logs")],
    }
    for body, signal in orders[order]:
        spool.put(body, signal=signal)
        assert at_once or ingest(settings).rejected == {}
    spool.put(asked, signal="logs")
    ingest(settings)
    (row,) = spans(settings)
    assert (row.input_text, row.output_text, row.content_state, row.request_model) == ("hi", "ho", "full", "m")
    assert [event["name"] for event in row.events or ()] == ["gen_ai.user.message", "gen_ai.choice"]
    with Store.of(settings).read() as reader:
        assert reader.rows("SELECT * FROM waiting_logs") == []


@pytest.mark.parametrize("order", ["unfinished first", "finished first"])
@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one lease"])
def test_a_span_that_was_sent_before_it_ended_gets_its_end(
    settings: Settings, spool: Spool, order: str, at_once: bool
) -> None:
    """And all that was not known then; it stays one row, with the content that a log record had told meanwhile."""
    bare = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    asked = logs(("gen_ai.user.message", 1, {"content": "hi"}))
    sent: list[tuple[bytes, Signal]] = [
        (traces(1, attributes=bare, end=0), "traces"),
        (asked, "logs"),
        (traces(1, attributes={**bare, "gen_ai.usage.output_tokens": 5}), "traces"),
    ]
    stored = duplicate = 0
    for body, signal in sent if order == "unfinished first" else reversed(sent):
        spool.put(body, signal=signal)
        if not at_once:
            report = ingest(settings)
            stored, duplicate = stored + report.stored, duplicate + report.duplicate
    if at_once:
        report = ingest(settings)
        stored, duplicate = report.stored, report.duplicate
    (row,) = spans(settings)
    assert (row.duration_ms, row.output_tokens, row.input_text) == (1.0, 5, "hi")
    assert (stored, duplicate) == (1, 1)


def test_content_that_is_sent_again_at_once_is_there_once(settings: Settings, spool: Spool) -> None:
    """A retry and the first attempt may meet in one claim with their span."""
    span = traces(1, attributes={"gen_ai.operation.name": "chat"})
    asked = logs(("gen_ai.user.message", 1, {"content": "hi"}))
    for body, signal in ((asked, "logs"), (asked, "logs"), (span, "traces")):
        spool.put(body, signal=signal)  # pyright: ignore[reportArgumentType] -- one of the two
    assert ingest(settings).rejected == {}
    (row,) = spans(settings)
    assert [message["parts"][0]["content"] for message in row.input_messages or ()] == ["hi"]
    assert len(row.events or ()) == 1


def test_content_waits_a_week(settings: Settings, spool: Spool) -> None:
    """Then it is counted as lost, with the reason, at the next content that must wait."""
    spool.put(logs(("gen_ai.user.message", 9, {"content": "hi"})), signal="logs")
    ingest(settings)
    with Store.of(settings).write() as writer:
        writer.rows("UPDATE waiting_logs SET received_at = received_at - INTERVAL 8 DAY")
    spool.put(logs(("gen_ai.user.message", 8, {"content": "ho"})), signal="logs")
    assert ingest(settings).rejected == {"log record: its span did not come within a week": 1}


def test_a_call_that_was_stored_earlier_is_linked(settings: Settings, spool: Spool) -> None:
    """The richer span came an hour later: the stored one points to it from then on."""
    shared = {**CALL, "gen_ai.response.id": "r1"}
    spool.put(traces(1, attributes=shared))
    ingest(settings)
    spool.put(traces(2, attributes={**shared, "gen_ai.input.messages": "hi", "gen_ai.response.model": "m"}))
    ingest(settings)
    assert {span.span_id: span.duplicate_of for span in spans(settings)} == {
        f"{1:016x}": f"{2:016x}",
        f"{2:016x}": None,
    }


def test_two_spans_of_one_call_are_linked(settings: Settings, spool: Spool) -> None:
    """The poorer row says whose repetition it is."""
    shared = {**CALL, "gen_ai.response.id": "r1"}
    spool.put(traces(1, attributes=shared))
    spool.put(traces(2, attributes={**shared, "gen_ai.input.messages": ""}))
    ingest(settings)
    assert {span.span_id: span.duplicate_of for span in spans(settings)} == {
        f"{1:016x}": None,
        f"{2:016x}": f"{1:016x}",
    }


def test_hostile_spans_are_stored(settings: Settings, spool: Spool) -> None:
    """NUL, a megabyte of prompt, thousands of attributes, deep JSON, odd clocks, a parent that is itself."""
    deep = "[" * 900 + "]" * 900
    said = '[{"role":"user","parts":[{"type":"text","content":"' + "ż" * 500_000 + '"}]}]'
    request = ExportTraceServiceRequest.FromString(traces(1, 2, attributes={"gen_ai.operation.name": "chat"}))
    one, two = request.resource_spans[0].scope_spans[0].spans
    fill(one.attributes, {"gen_ai.input.messages": said, "x\0": "a\0b", "gen_ai.tool.definitions": deep})
    fill(two.attributes, {f"k{n}": n for n in range(5_000)} | {"gen_ai.output.messages": "\0", "user.id": "\0"})
    two.parent_span_id = two.span_id
    one.start_time_unix_nano = one.end_time_unix_nano = 0
    two.start_time_unix_nano, two.end_time_unix_nano = 1, 2**64 - 1
    spool.put(request.SerializeToString())
    report = ingest(settings)
    assert (report.stored, report.rejected) == (2, {})
    first, second = spans(settings)
    assert (len(first.input_text or ""), first.start_time) == (500_000, datetime(1970, 1, 1, tzinfo=UTC))
    assert len(second.attributes or {}) == 5_003
    assert second.output_text == "\0"
    spool.put(request.SerializeToString())
    assert ingest(settings).duplicate == 2


def test_more_than_one_claim_is_moved(settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ingest` goes on until the spool is empty."""
    monkeypatch.setattr(module, "_PORTION_BYTES", 100)
    monkeypatch.setattr(module, "_LEASE_BYTES", 100)
    for n in range(1, 4):
        spool.put(traces(n))
    assert ingest(settings).stored == 3


def test_several_processes_store_each_span_once(settings: Settings, spool: Spool, full: bool) -> None:
    """Several processes put and ingest at the same time; nothing is lost, nothing is stored twice."""
    workers, spans_each = (6, 50) if full else (3, 8)
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=put_and_ingest, args=(settings.store, n, spans_each)) for n in range(workers)]
    for worker in running:
        worker.start()
    for worker in running:
        worker.join(120)
        assert worker.exitcode == 0
    assert drain(settings, 20)
    assert len(spans(settings)) == workers * spans_each
    assert spool.counters() == {("stored", ""): workers * spans_each}


def put_and_ingest(store: str, number: int, spans_each: int) -> None:
    """What one of the workers does."""
    settings = Settings(store=store, lock_timeout=60)
    spool = Spool(settings.spool_path)
    for n in range(spans_each):
        spool.put(traces(1 + number * 100 + n))
        ingest(settings, spool=spool)
    spool.close()


def test_drain_waits_for_another_process(settings: Settings, spool: Spool) -> None:
    """While somebody else has the claim, `drain` waits, and gives up after its time."""
    spool.put(traces(1))
    with spool.claim() as claimed:
        assert len(claimed) == 1
        began = time.monotonic()
        assert not drain(settings, 0.3)
        assert time.monotonic() - began < 5
    assert drain(settings, 10)


def spans(settings: Settings) -> list[Span]:
    """Stored spans in order of their ids."""
    with Store.of(settings).read() as reader:
        return sorted(reader.spans(), key=lambda span: span.span_id)


def traces(*numbers: int, attributes: dict[str, Any] | None = None, end: int = NOW + 1_000_000) -> bytes:
    """A request with one span for each number, which is its span id."""
    request = ExportTraceServiceRequest()
    of_scope = request.resource_spans.add().scope_spans.add()
    for number in numbers:
        span = of_scope.spans.add()
        span.trace_id, span.span_id, span.name = b"\1" * 16, number.to_bytes(8), "chat"
        span.start_time_unix_nano, span.end_time_unix_nano = NOW, end
        fill(span.attributes, CALL if attributes is None else attributes)
    return request.SerializeToString()


def logs(*records: tuple[str, int, dict[str, Any]]) -> bytes:
    """A request with one record for each event name, span number and attributes."""
    request = ExportLogsServiceRequest()
    of_scope = request.resource_logs.add().scope_logs.add()
    for name, number, attributes in records:
        record = of_scope.log_records.add()
        record.trace_id, record.span_id, record.event_name = b"\1" * 16, number.to_bytes(8), name
        record.time_unix_nano = NOW
        fill(record.attributes, attributes)
    return request.SerializeToString()


def fill(holder: Any, attributes: dict[str, Any]) -> None:
    """Attributes of text and numbers as OTLP pairs."""
    for key, value in attributes.items():
        pair = holder.add()
        pair.key = key
        field = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
        setattr(pair.value, field, value)
