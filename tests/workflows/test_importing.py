"""Importing OTLP files into a real store."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.receive.salvage import UNREADABLE
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows import importing
from otel_i2e.workflows.importing import ImportReport, find_files, import_files
from otel_i2e.workflows.ingest import ingest


def _settings(tmp_path: Path, **given: Any) -> Settings:
    return Settings(store=str(tmp_path / "s.duckdb"), **given)


def _stored(settings: Settings) -> set[str]:
    with Store.of(settings).read() as reader:
        return {row["span_id"] for row in reader.rows("SELECT span_id FROM spans")}


def test_files_are_stored_once_however_often_they_are_imported(tmp_path: Path) -> None:
    """JSON lines, protobuf and gzip of both; the second time all are duplicates."""
    ids = span_ids(9)
    (tmp_path / "a.json").write_bytes(
        b"\n".join(traces_request(ids[n : n + 1], encoding="json") for n in range(3)) + b"\n"
    )
    (tmp_path / "b.pb").write_bytes(traces_request(ids[3:6]))
    (tmp_path / "c.pb.gz").write_bytes(gzip.compress(traces_request(ids[6:])))
    settings = _settings(tmp_path)
    files = find_files([str(tmp_path / "*.json"), str(tmp_path / "*.pb*")])
    seen: list[int] = []
    first = import_files(settings, files, on_bytes=seen.append)
    second = import_files(settings, files)
    assert (first.files, first.requests, first.spans, first.stored, first.duplicate) == (3, 5, 9, 9, 0)
    assert (second.spans, second.stored, second.duplicate) == (9, 0, 9)
    assert _stored(settings) == {span for _, span in ids}
    assert sum(seen) == sum(Path(name).stat().st_size for name in files)
    assert not first.problems
    assert not first.waiting


def test_a_bad_line_does_not_stop_the_rest(tmp_path: Path) -> None:
    """It is named with file and line."""
    path = tmp_path / "a.json"
    good = [traces_request(span_ids(1), encoding="json") for _ in range(2)]
    path.write_bytes(good[0] + b"\n{oops\n" + good[1])
    report = import_files(_settings(tmp_path), [str(path)])
    assert report.stored == 2
    assert [problem.startswith(f"{path}:2: not valid JSON") for problem in report.problems] == [True]


def test_a_file_that_cannot_be_opened_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """The next one is read."""
    (tmp_path / "b.pb").write_bytes(traces_request(span_ids(1)))
    report = import_files(_settings(tmp_path), [str(tmp_path / "gone.json"), str(tmp_path / "b.pb")])
    assert report.stored == 1
    assert report.problems == [f"{tmp_path / 'gone.json'}: cannot be read: No such file or directory"]


def test_service_and_since_select(tmp_path: Path) -> None:
    """Only what is wanted is stored; the rest is counted."""
    ids = span_ids(4)
    (tmp_path / "a.pb").write_bytes(traces_request(ids[:2], service="ours") + traces_request(ids[2:], service="theirs"))
    since = datetime.fromtimestamp(1_790_000_001, UTC)
    settings = _settings(tmp_path)
    report = import_files(settings, [str(tmp_path / "a.pb")], service="ours", since=since)
    assert (report.spans, report.left_out, report.stored) == (1, 3, 1)
    assert _stored(settings) == {ids[1][1]}


def test_spans_that_cannot_be_stored_are_counted_with_a_reason(tmp_path: Path) -> None:
    """They are no problem of the file."""
    (tmp_path / "a.pb").write_bytes(traces_request([("", ""), *span_ids(1)]))
    report = import_files(_settings(tmp_path), [str(tmp_path / "a.pb")])
    assert (report.stored, sum(report.rejected.values()), report.problems) == (1, 1, [])


def test_a_file_larger_than_the_spool_passes_through_it(tmp_path: Path) -> None:
    """Ingest makes room."""
    (tmp_path / "a.pb").write_bytes(
        b"".join(len(b).to_bytes(4) + b for b in (traces_request(span_ids(1), content="x" * 800_000) for _ in range(6)))
    )
    report = import_files(_settings(tmp_path, spool_max_bytes=2_500_000), [str(tmp_path / "a.pb")])
    assert (report.stored, report.problems) == (6, [])


def test_what_waited_before_is_not_counted(tmp_path: Path) -> None:
    """It is stored all the same."""
    settings = _settings(tmp_path)
    spool = Spool(settings.spool_path)
    spool.put(traces_request(span_ids(5)), items=5)
    spool.close()
    (tmp_path / "a.pb").write_bytes(traces_request(span_ids(1)))
    assert import_files(settings, [str(tmp_path / "a.pb")]).stored == 1
    assert len(_stored(settings)) == 6


def _accounted(report: ImportReport) -> int:
    moved = report.stored + report.duplicate + report.logs_read + report.logs_skipped
    return moved + sum(report.rejected.values()) + report.waiting


def test_the_summary_is_of_the_file_beside_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver moves what comes, as fast as it can, and gets spans of its own; the file's are counted here."""
    settings = _settings(tmp_path)
    monkeypatch.setattr(importing, "_INGEST_EVERY", 1)
    ids = span_ids(12)
    path = tmp_path / "a.json"
    path.write_bytes(b"\n".join(traces_request([one], encoding="json", content="x" * 999_000) for one in ids[:3]))
    end = threading.Event()

    def serve() -> None:
        spool = Spool(settings.spool_path)
        left = ids[3:]
        while not end.is_set() or left:
            if left:
                spool.put(traces_request([left.pop()]), source="http")
            ingest(settings, spool=spool)
        spool.close()

    other = threading.Thread(target=serve)
    other.start()
    try:
        report = import_files(settings, [str(path)])
    finally:
        end.set()
        other.join()
    assert (report.spans, report.stored, report.duplicate, report.waiting) == (3, 3, 0, 0)
    assert len(_stored(settings)) == 12


def test_what_another_process_is_busy_with_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves what waits and does not let go: the spans are handed on, and the summary says so many."""
    settings = _settings(tmp_path)
    monkeypatch.setattr(importing, "_WAIT", 0.05)
    (tmp_path / "a.pb").write_bytes(traces_request(span_ids(4)))
    busy = Spool(settings.spool_path)
    busy.stats()
    with busy.sole_drainer() as mine:
        assert mine
        report = import_files(settings, [str(tmp_path / "a.pb")])
    busy.close()
    assert (report.spans, report.stored, report.waiting) == (4, 0, 4)
    assert _accounted(report) == 4


@pytest.mark.parametrize("frame", [b"", b"fixed", b"varint"])
def test_a_span_that_cannot_be_read_does_not_take_the_others_with_it(tmp_path: Path, frame: bytes) -> None:
    """In protobuf behind lengths and without; as the receiver does: broken text is mended, too deep a span counted."""
    request = ExportTraceServiceRequest.FromString(traces_request(span_ids(3)))
    first, second, _ = request.resource_spans[0].scope_spans[0].spans
    first.name = "MARK"
    value = second.attributes.add(key="deep").value
    for _ in range(95):
        value = value.array_value.values.add()
    body = request.SerializeToString().replace(b"MARK", b"caf\xe9")
    prefix = {b"": b"", b"fixed": len(body).to_bytes(4), b"varint": _varint(len(body))}[frame]
    (tmp_path / "a.pb").write_bytes(prefix + body)
    settings = _settings(tmp_path)
    report = import_files(settings, [str(tmp_path / "a.pb")])
    assert (report.spans, report.stored, report.rejected) == (3, 2, {f"span: {UNREADABLE}": 1})
    assert [problem.partition(": ")[2] for problem in report.problems] == [
        f"1 of its spans {UNREADABLE}; the rest was taken"
    ]
    spool = Spool(settings.spool_path)
    counted = spool.counters()
    spool.close()
    assert counted["received", "file"] == 3
    assert counted["stored", ""] + counted["rejected", f"span: {UNREADABLE}"] == 3


@pytest.mark.parametrize("layout", ["one line", "lines", "pretty"])
def test_json_that_is_nested_too_deeply_is_salvaged(tmp_path: Path, layout: str) -> None:
    """The other spans of the request, and the other requests of the file."""
    levels = 2_000
    deep = '{"kvlistValue":{"values":[{"key":"k","value":' * levels + '{"stringValue":"x"}' + "}]}}" * levels
    sent = json.loads(traces_request(span_ids(2), encoding="json"))
    sent["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = [{"key": "k", "value": "MARK"}]
    other = traces_request(span_ids(1), encoding="json").decode()
    bad = json.dumps(sent).replace('"MARK"', deep)
    text = {
        "one line": bad,
        "lines": f"{other}\n{bad}\n{other}",
        "pretty": bad.replace('"scopeSpans"', '\n"scopeSpans"'),
    }[layout]
    (tmp_path / "a.json").write_text(text)
    report = import_files(_settings(tmp_path), [str(tmp_path / "a.json")])
    assert report.rejected == {f"span: {UNREADABLE}": 1}
    assert (report.stored, report.duplicate) == ((2, 1) if layout == "lines" else (1, 0))
    assert len(report.problems) == 1
    assert _accounted(report) == report.spans


def _varint(size: int) -> bytes:
    return bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])


def test_standard_input_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is `-`."""
    content = io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(traces_request(span_ids(2))))))  # pyright: ignore[reportArgumentType] -- bytes in memory
    monkeypatch.setattr("sys.stdin", content)
    assert import_files(_settings(tmp_path), find_files(["-"])).stored == 2


@pytest.mark.skipif(sys.platform == "win32", reason="it has no named pipes of this kind")
def test_a_pipe_is_a_file(tmp_path: Path) -> None:
    """As a shell makes one of `<(zcat …)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(traces_request(span_ids(2))),))
    writing.start()
    assert import_files(_settings(tmp_path), find_files([str(pipe)])).stored == 2
    writing.join()


def test_names_that_find_nothing_say_what_to_write(tmp_path: Path) -> None:
    """A directory, and a pattern without a match."""
    with pytest.raises(UsageError, match=r"is a directory; .*\*\.json"):
        find_files([str(tmp_path)])
    with pytest.raises(UsageError, match="matches none"):
        find_files([str(tmp_path / "*.nothing")])


def test_logs_are_handed_on(tmp_path: Path) -> None:
    """Log records count as such."""
    (tmp_path / "a.json").write_bytes(logs_request(["x", "y"], encoding="json"))
    report = import_files(_settings(tmp_path), [str(tmp_path / "a.json")])
    assert (report.logs, report.spans, report.logs_skipped) == (2, 0, 2)
    assert json.dumps(report.rejected) is not None


@pytest.mark.parametrize("order", [("spans.json", "logs.json"), ("logs.json", "spans.json")])
def test_content_in_another_file_joins_its_span(tmp_path: Path, order: tuple[str, str]) -> None:
    """Hours later by its own clock, and imported before or after it."""
    ids = {"traceId": "ab" * 16, "spanId": "cd" * 8}
    start, hours = 1_790_000_000 * 10**9, 5 * 3600 * 10**9
    kind = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
    span = {**ids, "name": "chat", "startTimeUnixNano": str(start), "attributes": [kind]}
    said = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "Grüezi?"}}]}}
    log = {**ids, "timeUnixNano": str(start + hours), "eventName": "gen_ai.user.message", "body": said}
    (tmp_path / "spans.json").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    (tmp_path / "logs.json").write_text(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}))
    settings = _settings(tmp_path)
    for name in order:
        assert not import_files(settings, [str(tmp_path / name)]).problems
    with Store.of(settings).read() as reader:
        (found,) = reader.spans()
    assert (found.input_text, found.content_state) == ("Grüezi?", "full")
