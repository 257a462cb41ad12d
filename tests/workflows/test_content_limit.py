"""What is longer than `max_content_bytes`, from the application's span to the row."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode

from otel_i2e.capture.content import CONTENT_KEYS, CONTENT_PREFIXES
from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.models import Span
from otel_i2e.spool import Encoding, Signal, Spool
from otel_i2e.store import Store
from otel_i2e.workflows.ingest import ingest

LIMIT = 1_000
NAMES = sorted(
    {*CONTENT_KEYS, *(prefix.rstrip(".") + (".0" if prefix[-1].isdigit() else "") for prefix in CONTENT_PREFIXES)}
)


def stored(tmp_path: Path, *spans: dict[str, Any], limit: int = LIMIT) -> list[dict[str, Any]]:
    """Spans with these attributes, recorded and stored; every column as text."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), max_content_bytes=limit, ingest="off")
    recorder = Recorder(settings)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    for attributes in spans:
        with provider.get_tracer("t").start_as_current_span("chat", attributes=attributes) as span:
            span.add_event("gen_ai.content.prompt", attributes)
    assert recorder.close()
    assert ingest(settings).rejected == {}
    with duckdb.connect(settings.store, read_only=True) as db:
        result = db.execute("SELECT COLUMNS(*)::VARCHAR FROM spans ORDER BY start_time")
        names = [column[0] for column in result.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        columns = db.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'spans' AND data_type = 'JSON'"
        )
        for (name,) in columns.fetchall():
            for row in found:
                json.loads(row[name] or "null")
    return found


@pytest.mark.parametrize("filler", ["x", "ł", "語", "🙂"])
def test_every_content_field_is_cut_with_size_and_hash(tmp_path: Path, filler: str) -> None:
    """At a whole character; all columns stay valid JSON, and the row says that it was cut."""
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": filler * LIMIT}]}], ensure_ascii=False)
    (row,) = stored(tmp_path, dict.fromkeys(NAMES, said))
    attributes = json.loads(row["attributes"])
    cut = json.loads(attributes["i2e.content.truncated"])
    whole = said.encode()
    for name in NAMES:
        kept = attributes[name].encode()
        assert whole.startswith(kept), name
        assert LIMIT - 3 <= len(kept) <= LIMIT, name
        assert cut[name] == {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}, name
        assert cut[f"gen_ai.content.prompt:{name}"] == cut[name], name
    assert row["content_state"] == "truncated"


@pytest.mark.parametrize("filler", ["x", "ł", "語", "🙂"])
def test_cut_messages_are_read_as_far_as_they_go(tmp_path: Path, filler: str) -> None:
    """JSON that ends in the middle of a text gives that text's beginning."""
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": filler * LIMIT}]}], ensure_ascii=False)
    (row,) = stored(tmp_path, {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said})
    ((message,), text) = json.loads(row["input_messages"]), row["input_text"]
    assert message["parts"] == [{"type": "text", "content": text}]
    assert len(text) > 200
    assert set(text) == {filler}


def test_a_span_s_name_and_status_message_are_cut_too(tmp_path: Path) -> None:
    """An exception's message often has the prompt in it."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), max_content_bytes=LIMIT, ingest="off")
    recorder = Recorder(settings)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    name, said = "n" * (LIMIT + 1), "ł" * LIMIT
    with provider.get_tracer("t").start_as_current_span(name) as span:
        span.set_status(Status(StatusCode.ERROR, said))
    assert recorder.close()
    assert ingest(settings).stored == 1
    with Store.of(settings).read() as reader:
        (found,) = reader.spans()
    _is_cut(found, name, said)


def test_what_others_name_and_tell_of_a_failure_is_cut_when_a_limit_is_set(tmp_path: Path) -> None:
    """In the same way."""
    name, said = "n" * (LIMIT + 1), "ł" * LIMIT
    failed = {"name": name, "status": {"code": 2, "message": said}, "startTimeUnixNano": "1790000000000000000"}
    _is_cut(_ingested(tmp_path, ("traces", _request("spans", failed))), name, said)


def _is_cut(span: Span, name: str, said: str) -> None:
    assert (span.name, span.status_message) == (name[:LIMIT], said[: LIMIT // 2])
    marks = json.loads((span.attributes or {})["i2e.content.truncated"])
    for place, whole in (("span name", name.encode()), ("status message", said.encode())):
        assert marks[place] == {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}


def test_exactly_the_limit_is_not_cut(tmp_path: Path) -> None:
    """One byte more is."""
    rows = stored(tmp_path, {"input.value": "x" * LIMIT}, {"input.value": "x" * (LIMIT + 1)})
    assert ["i2e.content.truncated" in json.loads(row["attributes"]) for row in rows] == [False, True]


def test_an_image_does_not_count(tmp_path: Path) -> None:
    """It lies beside the store; the text around it is not cut, unless that is too long by itself."""
    image = b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(100_000)).decode()
    said = json.dumps([{"role": "user", "parts": [{"type": "blob", "mime_type": "image/png", "content": image}]}])
    (row,) = stored(tmp_path, {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said})
    assert row["content_state"] == "full"
    assert json.loads(row["input_messages"])[0]["parts"][0]["bytes"] == 100_008


TRACE, SPAN = "ab" * 16, "cd" * 8
QUESTION = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "语" * LIMIT}]}], ensure_ascii=False)


def _request(items: str, item: dict[str, Any], **attributes: Any) -> bytes:
    """One span or log record as OTLP/JSON."""
    pairs = [{"key": key, "value": value} for key, value in attributes.items()]
    given = {"traceId": TRACE, "spanId": SPAN, "attributes": pairs, **item}
    top, scopes = ("resourceSpans", "scopeSpans") if items == "spans" else ("resourceLogs", "scopeLogs")
    return json.dumps({top: [{scopes: [{items: [given]}]}]}).encode()


def _chat(**attributes: Any) -> bytes:
    times = {"startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000500000000"}
    named = {"gen_ai.operation.name": {"stringValue": "chat"}, **attributes}
    return _request("spans", {"name": "chat", "kind": 3, **times}, **named)


def _ingested(tmp_path: Path, *requests: tuple[Signal, bytes], limit: int | None = LIMIT) -> Span:
    """The span, after each request was ingested by itself."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), max_content_bytes=limit)
    encoding: Encoding = "json"
    for signal, body in requests:
        spool = Spool(settings.spool_path)
        spool.put(body, signal=signal, encoding=encoding)
        spool.close()
        assert ingest(settings).rejected == {}
    with Store.of(settings).read() as reader:
        (span,) = reader.spans()
    return span


def test_what_others_send_is_cut_when_a_limit_is_set(tmp_path: Path) -> None:
    """The raw attribute and the messages alike, with size and hash of the whole."""
    span = _ingested(tmp_path, ("traces", _chat(**{"gen_ai.input.messages": {"stringValue": QUESTION}})))
    attributes = span.attributes or {}
    assert len(attributes["gen_ai.input.messages"].encode()) <= LIMIT
    mark = {"bytes": len(QUESTION.encode()), "sha256": sha256(QUESTION.encode()).hexdigest()}
    assert json.loads(attributes["i2e.content.truncated"]) == {"gen_ai.input.messages": mark}
    assert span.content_state == "truncated"
    assert 200 < len(span.input_text or "") < LIMIT
    assert set(span.input_text or "") == {"语"}


def test_what_others_send_has_no_limit_by_default(tmp_path: Path) -> None:
    """Megabytes of prompt are there, whole."""
    long = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi there " * 200_000}]}])
    sent = {"gen_ai.input.messages": {"stringValue": long}}
    span = _ingested(tmp_path, ("traces", _chat(**sent)), limit=None)
    assert (len(span.input_text or ""), span.content_state) == (1_800_000, "full")


@pytest.mark.parametrize("first", ["traces", "logs"])
def test_a_log_records_content_is_cut_whichever_comes_first(tmp_path: Path, first: str) -> None:
    """The span says so."""
    body = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "x" * 5_000}}]}}
    log = _request("logRecords", {"eventName": "gen_ai.user.message", "body": body})
    requests: list[tuple[Signal, bytes]] = [("traces", _chat()), ("logs", log)]
    span = _ingested(tmp_path, *sorted(requests, reverse=first == "traces"))
    assert span.content_state == "truncated"
    (event,) = span.events or []
    assert len(event["body"]) == LIMIT
    assert json.loads(event["attributes"]["i2e.content.truncated"])["body"]["bytes"] == 5_014
    assert 200 < len(span.input_text or "") < LIMIT


def test_an_image_from_others_does_not_count(tmp_path: Path) -> None:
    """It is out before anything is measured."""
    image = b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(10_000)).decode()
    said = json.dumps([{"role": "user", "parts": [{"type": "blob", "mime_type": "image/png", "content": image}]}])
    span = _ingested(tmp_path, ("traces", _chat(**{"gen_ai.input.messages": {"stringValue": said}})))
    assert span.content_state == "full"
    assert "i2e.content.truncated" not in (span.attributes or {})
