"""Images and files beside the store."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, StoreError
from otel_i2e.normalize import RawSpan, slim_span
from otel_i2e.spool import Spool
from otel_i2e.workflows.blobs import blobs_folder, keep_blobs, read_blob, with_blobs_in
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.preparing import Prepared

DATA = {
    "png": b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5_000),
    "pdf": b"%PDF-1.7\n" + random.Random(2).randbytes(5_000),
    "wav": b"RIFF\0\0\0\0WAVE" + random.Random(3).randbytes(20_000),
}
TINY = {name: data[:47] for name, data in DATA.items()}
B64 = {name: b64encode(data).decode() for name, data in DATA.items()}
TYPES = {"png": "image/png", "pdf": "application/pdf", "wav": "audio/wav"}
RAW = RawSpan({}, "", "", "1" * 32, "2" * 16, "", "chat", 3, 1, 2, {}, [], [], "ok", "")
URL = f"data:image/png;base64,{B64['png']}"


def genai(*parts: Any) -> dict[str, Any]:
    """A call in the OpenTelemetry conventions."""
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "What is it?"}, *parts]}])
    return {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said}


def openinference(*blocks: Any) -> dict[str, Any]:
    """The raw request of a call."""
    return {
        "openinference.span.kind": "LLM",
        "input.value": json.dumps({"messages": [{"role": "user", "content": blocks}]}),
    }


def flattened(url: str) -> dict[str, Any]:
    """A call whose message is spread over attributes."""
    return {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "image",
        "llm.input_messages.0.message.contents.0.message_content.image.image.url": url,
    }


def vercel(*blocks: Any) -> dict[str, Any]:
    """A model call of the AI SDK."""
    said = json.dumps([{"role": "user", "content": blocks}])
    return {"ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": said}


def dialects(b64: dict[str, str]) -> dict[str, tuple[dict[str, Any], str]]:
    """Spelling → the attributes of a call with an image or a file in it, and which."""
    png, url = b64["png"], f"data:image/png;base64,{b64['png']}"
    pdf_url = f"data:application/pdf;base64,{b64['pdf']}"
    image = {"type": "base64", "media_type": "image/png", "data": png}
    return {
        "GenAI blob": (genai({"type": "blob", "mime_type": "image/png", "modality": "image", "content": png}), "png"),
        "GenAI audio": (
            genai({"type": "blob", "mime_type": "audio/wav", "modality": "audio", "content": b64["wav"]}),
            "wav",
        ),
        "GenAI data URL": (genai({"type": "uri", "mime_type": "image/png", "modality": "image", "uri": url}), "png"),
        "Google ADK": (genai({"type": "blob", "mime_type": "image/png", "data": png}), "png"),
        "Anthropic image": (openinference({"type": "image", "source": image}), "png"),
        "Anthropic image, printed": (
            {
                "openinference.span.kind": "LLM",
                "input.value": json.dumps(
                    {"messages": [{"role": "user", "content": [{"type": "image", "source": image}]}]}
                ),
                "printed": f"[{image!r}, ImageContent(base64_image='{png}', detail=None)]",
            },
            "png",
        ),
        "Anthropic document": (
            openinference(
                {"type": "document", "source": {**image, "media_type": "application/pdf", "data": b64["pdf"]}}
            ),
            "pdf",
        ),
        "OpenAI chat": (openinference({"type": "image_url", "image_url": {"url": url}}), "png"),
        "OpenAI responses": (openinference({"type": "input_image", "image_url": url}), "png"),
        "OpenAI audio": (
            openinference({"type": "input_audio", "input_audio": {"data": b64["wav"], "format": "wav"}}),
            "wav",
        ),
        "OpenAI file": (openinference({"type": "file", "file": {"filename": "a.pdf", "file_data": pdf_url}}), "pdf"),
        "OpenInference flattened": (flattened(url), "png"),
        "OpenInference flattened, base64 alone": (flattened(png), "png"),
        "OpenLLMetry 0.4": (
            {
                "llm.request.type": "chat",
                "gen_ai.system": "Anthropic",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": json.dumps([{"type": "image_url", "image_url": {"url": url}}]),
            },
            "png",
        ),
        "Vercel file": (vercel({"type": "file", "mediaType": "application/pdf", "data": b64["pdf"]}), "pdf"),
        "Vercel image": (vercel({"type": "image", "image": png}), "png"),
        "pydantic-ai binary": (genai({"type": "binary", "media_type": "image/png", "content": png}), "png"),
        "pydantic-ai 1": (genai({"kind": "binary", "media_type": "image/png", "binary_content": png}), "png"),
        "Gemini inline data": (genai({"inline_data": {"mime_type": "image/png", "data": png}}), "png"),
        "Bedrock": (genai({"image": {"format": "png", "source": {"bytes": png}}}), "png"),
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store of its own."""
    return Settings(store=str(tmp_path / "i2e.duckdb"), lock_timeout=10)


def put(settings: Settings, *spans: dict[str, Any]) -> None:
    """Spans with these attributes, stored."""
    sent = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": "chat",
            "startTimeUnixNano": str(10**18),
            "endTimeUnixNano": str(10**18 + 10**9),
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        }
        for number, attributes in enumerate(spans, 1)
    ]
    spool = Spool(settings.spool_path)
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": sent}]}]}).encode()
    spool.put(body, encoding="json", items=len(spans))
    spool.close()
    assert ingest(settings).rejected == {}


def rows(settings: Settings) -> list[dict[str, Any]]:
    """Attributes and messages of every span, in order."""
    with duckdb.connect(settings.store, read_only=True) as db:
        found = db.execute("SELECT attributes::VARCHAR, input_messages::VARCHAR FROM spans ORDER BY span_id").fetchall()
    return [{"attributes": json.loads(a), "messages": json.loads(m or "[]"), "text": f"{a}{m}"} for a, m in found]


def files(settings: Settings) -> dict[str, bytes]:
    """Name → bytes of every file that is kept."""
    return {path.name: path.read_bytes() for path in blobs_folder(settings).rglob("*") if path.is_file()}


@pytest.mark.parametrize("sent", [DATA, TINY], ids=["photographs", "icons"])
def test_images_of_every_dialect_lie_beside_the_store(
    settings: Settings, sent: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """The row has type, size and hash; its raw attributes have a reference; both can be had back; one file each."""
    b64 = {name: b64encode(data).decode() for name, data in sent.items()}
    spelled = dialects(b64)
    put(settings, *(attributes for attributes, _ in spelled.values()))
    assert files(settings) == {sha256(data).hexdigest(): data for data in sent.values()}
    left = 0
    for (name, (attributes, kind)), row in zip(spelled.items(), rows(settings), strict=True):
        parts = [part for message in row["messages"] for part in message["parts"] if part["type"] == "blob"]
        assert len(parts) == 1, name
        digest = sha256(sent[kind]).hexdigest()
        assert (parts[0]["bytes"], parts[0]["sha256"]) == (len(sent[kind]), digest), name
        assert parts[0]["mime_type"] == TYPES[kind], name
        assert parts[0]["modality"] == {"png": "image", "pdf": "document", "wav": "audio"}[kind], name
        assert "content" not in parts[0]
        left += sum(b64[kind][at : at + 20] in row["text"] for at in range(0, len(b64[kind]), 20))
        assert with_blobs_in(settings, row["attributes"]) == attributes, name
        assert with_blobs_in(settings, parts[0])["content"] == b64[kind], name
    assert left == 0
    with capsys.disabled():
        print(f"\nblobs: {len(spelled)} spellings in {len(sent)} files, 0 pieces of base64 left in rows")


def test_a_structured_message_is_looked_at(settings: Settings) -> None:
    """OTLP has lists and objects; there the bytes are declared by the fields beside them."""
    prepared = Prepared()
    part = {"type": "blob", "mime_type": "image/png", "content": b64encode(TINY["png"]).decode()}
    sound = {"input_audio": {"format": "pcm16", "data": b64encode(bytes(99)).decode()}}
    text = {"type": "text", "mime_type": "text/plain", "content": "AAAABBBBCCCCDDDDEEEE"}
    raw = RAW._replace(attributes={"gen_ai.input.messages": [{"role": "user", "parts": [part, sound, text]}]})
    slim = slim_span(raw, prepared.keeping())
    assert list(prepared.blobs.values()) == [TINY["png"], bytes(99)]
    assert slim.attributes["gen_ai.input.messages"][0]["parts"][2] is text
    keep_blobs(settings, prepared.blobs)
    assert with_blobs_in(settings, slim.attributes) == raw.attributes


def test_one_request_makes_so_many_files_and_no_more() -> None:
    """Each waits for the disk; small ones beyond that stay in their rows, large ones leave them."""
    urls = [f"data:image/png;base64,{b64encode(b'%020d' % number).decode()}" for number in range(2_010)]
    large = f"data:image/png;base64,{b64encode(bytes(20_000)).decode()}"
    prepared = Prepared()
    slim = slim_span(RAW._replace(attributes={"icons": " ".join([*urls, large])}), prepared.keeping())
    assert len(prepared.blobs) == 2_001
    assert slim.attributes["icons"].count("i2e-blob:") == 2_001
    assert urls[-1] in slim.attributes["icons"]
    again = slim_span(RAW._replace(attributes={"icons": urls[-1]}), prepared.keeping())
    assert "i2e-blob:" in again.attributes["icons"]


def test_the_trace_shows_what_there_is(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Type and size on the screen; references in JSON, and the bytes themselves when they are asked for."""

    def shown(*options: str) -> str:
        with pytest.raises(SystemExit):
            main(["trace", "0" * 31, "--store", settings.store, *options])
        return capsys.readouterr().out

    put(settings, dialects(B64)["Anthropic image"][0])
    assert "image (image/png, 5,008 B)" in shown()
    assert B64["png"] not in shown("--json")
    assert (
        json.loads(shown("--json", "--blobs"))["spans"][0]["span"]["attributes"] == dialects(B64)["Anthropic image"][0]
    )


def test_events_log_bodies_and_lists_are_looked_at(settings: Settings) -> None:
    """Content may come in any of them; a log record that waits for its span holds a reference, too."""
    value = {
        "kvlistValue": {"values": [{"key": "content", "value": {"arrayValue": {"values": [{"stringValue": URL}]}}}]}
    }
    record = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "eventName": "gen_ai.user.message", "body": value}
    spool = Spool(settings.spool_path)
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    spool.put(body, encoding="json", signal="logs")
    spool.close()
    ingest(settings)
    with duckdb.connect(settings.store, read_only=True) as db:
        ((waits,),) = db.execute("SELECT record::VARCHAR FROM waiting_logs").fetchall()
    assert "i2e-blob:image/png:5008:" in waits
    assert B64["png"] not in waits
    put(settings, {"gen_ai.operation.name": "chat"})
    (row,) = rows(settings)
    assert "i2e-blob:" in json.dumps(row) or "sha256" in json.dumps(row)
    assert list(files(settings).values()) == [DATA["png"]]


def test_a_blob_that_cannot_be_written_keeps_its_spans_waiting(settings: Settings) -> None:
    """No row refers to what is not on disk; the next time it is."""
    blobs_folder(settings).write_text("in the way")
    spool = Spool(settings.spool_path)
    with pytest.raises(StoreError, match=r"cannot write .*blobs"):
        put(settings, dialects(B64)["OpenAI chat"][0])
    assert spool.stats().batches == 1
    spool.close()
    blobs_folder(settings).unlink()
    assert ingest(settings).stored == 1
    assert list(files(settings).values()) == [DATA["png"]]


def test_a_blob_that_was_changed_or_is_gone_is_not_given(settings: Settings) -> None:
    """A reference stays one then; half of a file is written again."""
    digest = sha256(DATA["png"]).hexdigest()
    keep_blobs(settings, {digest: DATA["png"]})
    path = blobs_folder(settings) / digest[:2] / digest
    path.write_bytes(b"?")
    with pytest.raises(NotFound, match="was changed"):
        read_blob(settings, digest)
    keep_blobs(settings, {digest: DATA["png"]})
    assert read_blob(settings, digest) == DATA["png"]
    path.unlink()
    for name in (digest, "../../etc/passwd", digest.upper()):
        with pytest.raises(NotFound):
            read_blob(settings, name)
