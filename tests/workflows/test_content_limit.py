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

from otel_i2e.capture.content import CONTENT_KEYS, CONTENT_PREFIXES
from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
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
