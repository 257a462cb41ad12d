"""Secrets leave no byte in any file, whichever door they came in by and wherever on a span they stood."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import re
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import duckdb
import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry._logs import LogRecord
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, TraceState, set_span_in_context

from otel_i2e.capture.logs import I2ELogRecordProcessor
from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.receive.guard import make_guard
from otel_i2e.receive.receiver import Receiver
from otel_i2e.receive.services import SERVICES
from otel_i2e.spool import Spool
from otel_i2e.workflows.importing import import_files
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.otlp_json import read_json
from otel_i2e.workflows.redaction import request_redactor
from otel_i2e.workflows.status import status

NEEDLE = 12
"""Characters in a row that count as a part of a secret that was left."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _noise(name: str, size: int, alphabet: str = _ALPHABET) -> str:
    digest = hashlib.shake_256(name.encode()).digest(size)
    return "".join(alphabet[byte % len(alphabet)] for byte in digest)


def _base64(name: str, size: int) -> str:
    return base64.b64encode(hashlib.shake_256(name.encode()).digest(size)).decode()


def _pem() -> str:
    body = _base64("pem", 600)
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN RSA " + "PRIVATE KEY-----", *lines, "-----END RSA " + "PRIVATE KEY-----"])


def _jwt() -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{_noise('payload', 80)}.{_noise('signature', 43)}"


SECRETS: dict[str, tuple[str, str]] = {
    "AWS access key id": ("AKIA" + _noise("a", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "{}"),
    "AWS secret key": (_noise("b", 18) + "/" + _noise("b2", 10) + "+" + _noise("b3", 10), "aws_secret_access_key={}"),
    "AWS secret key, bare": ("Zz9" + _noise("c", 37), "the other one is {} as you know"),
    "GitHub token, classic": ("ghp_" + _noise("d", 36), "git clone with {} please"),
    "GitHub token, fine-grained": ("github_pat_" + _noise("e", 22) + "_" + _noise("e2", 59), "{}"),
    "Slack token": ("xoxb-" + "2345678901-3456789012-" + _noise("f", 24), "{}"),
    "Slack webhook": (f"{_noise('T', 9)}/B{_noise('g', 9)}/{_noise('g2', 24)}", "https://hooks.slack.com/services/T{}"),
    "Stripe key": ("sk_" + "live_" + _noise("h", 30), "{}"),
    "Google API key": ("AI" + "za" + _noise("i", 35), "?key={}&q=1"),
    "OpenAI key": ("sk-" + "proj-" + _noise("j", 20) + "-" + _noise("j2", 40), "{}"),
    "Anthropic key": ("sk-" + "ant-api03-" + _noise("k", 60) + "-" + _noise("k2", 20) + "AA", "{}"),
    "JWT": (_jwt(), "Bearer {}"),
    "PEM private key": (_pem(), "{}"),
    "basic-auth URL": ("p%40" + _noise("l", 16), "https://robot:{}@example.com/x?y=1"),
    "npm token": ("npm_" + _noise("m", 36), "//registry.npmjs.org/:_authToken={}"),
    "SendGrid key": ("SG." + _noise("n", 22) + "." + _noise("n2", 43), "{}"),
    "Azure storage key": (_base64("azure", 64), "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};Suffix=y"),
    "database URL": (_noise("o", 20), "postgresql+psycopg://app:{}@db.internal:5432/shop?sslmode=require"),
    "password": (_noise("p", 18), "DB_PASSWORD: {}"),
    "authorization header": (_base64("q", 30), "Authorization: Basic {}"),
    "Databricks token": ("dapi" + _noise("t", 32, "0123456789abcdef"), "{}"),
    "Vault token": ("hvs." + _noise("u", 24), "{}"),
    "Notion token": ("ntn_" + _noise("v", 46), "{}"),
    "Shopify token": ("shpat_" + _noise("w", 32, "0123456789abcdef"), "{}"),
    "Atlassian token": ("ATATT3" + _noise("x", 60), "{}"),
    "Pinecone key": ("pcsk_" + _noise("y", 60), "{}"),
    "Voyage key": ("pa-" + _noise("z", 43), "{}"),
    "Azure shared access signature": (_noise("aa", 43), "https://x.blob.core.windows.net/c?sv=2022&sig={}&se=x"),
    "IBM key": (_noise("ab", 44), 'ibm_cloud_iam_key = "{}"'),
    "password of a database": (_noise("ac", 18), "DB_PASS={}"),
    "password in a sentence": (_noise("ad", 15) + "7", "my password is {} by the way"),
    "of the user": ("EMP-" + _noise("r", 16, "0123456789"), "badge {} please"),
    "of the user's function": ("<<" + _noise("s", 20) + ">>", "between {} brackets"),
}
"""Name → (the secret, a text that it stands in)."""


def needles(secret: str) -> set[bytes]:
    """Every part of a secret that would betray it, in the spellings that a file may hold."""
    flat = [secret, secret.replace("\n", "\\n"), secret.replace("\n", "")]
    parts = {text[at : at + NEEDLE] for text in flat for at in range(len(text) - NEEDLE + 1)}
    for shift in range(3):  # in base64, wherever its first byte falls
        encoded = base64.b64encode(b"?" * shift + secret.encode()).decode().rstrip("=")[2 * shift : -2]
        parts |= {encoded[at : at + NEEDLE] for at in range(len(encoded) - NEEDLE + 1)}
    public = ("PRIVATE KEY", "-----BEGIN", "-----END", "RSA ", "-----", "https://", "github_pat", "sk-ant-api")
    return {part.encode() for part in parts if not any(word in part for word in public)}


def inside(text: str) -> str:
    """Text without what stands in double brackets."""
    return re.sub(r"<<\w*>>", "[redacted:brackets]", text)


def broken(text: str) -> str:
    """Fails on one word."""
    if "unlucky" in text:
        raise RuntimeError(text)
    return text


REDACT = {"patterns": {"badge": r"EMP-\d{16}", "card": r"4\d{15}"}, "callables": [f"{__name__}:inside"]}
NEWLINES = "\nand more\n" * 80
"""So much that a file of it is kept apart from the rows."""
SURFACES = (
    "attribute",
    "JSON in an attribute",
    "JSON in JSON",
    "escaped JSON",
    "list",
    "halves in a list",
    "lines in a list",
    "bytes",
    "span name",
    "event",
    "event name",
    "status message",
    "resource",
    "scope",
    "link",
    "attribute name",
    "trace state",
    "schema URL",
    "base64",
    "base64 in lines",
    "attached file",
    "HTTP header",
    "integer",
    "log body",
    "log body, structured",
    "log attribute",
)
DOORS = (
    "capture",
    "http protobuf",
    "http json",
    "grpc",
    "import protobuf",
    "import json",
    "import gzip of protobuf",
    "import gzip of json",
)


def told(secret: str, text: str) -> str:
    """A secret in its company."""
    return text.replace("{}", secret)


def on_span(text: str) -> dict[str, Any]:
    """Attributes that hold `text` in every way."""
    message = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"Łódź\n{text}\nend"}]}])
    return {
        "plain": f"before {text} after",
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": message,
        "input.value": json.dumps({"request": message, "deep": {"deeper": [text]}}),
        "escaped": json.dumps(text).replace("/", "\\/").replace("=", "\\u003d").replace("+", "\\u002B"),
        "list": ["one", text, "three"],
        "lines": text.split("\n") if "\n" in text else ["a", text, "b"],
        "halves": [text[: len(text) // 2], text[len(text) // 2 :]] if "you know" not in text else [text],
        "bytes": text.encode(),
        "base64": base64.b64encode(f"see: {text} end".encode()).decode(),
        "base64 in lines": base64.encodebytes(f"{text}\n{'x' * 300}".encode()).decode(),
        "file": f"data:text/plain;base64,{base64.b64encode((text + NEWLINES).encode()).decode()}",
        "http.request.header.authorization": [text, "Basic"],
        "card": 4_111_111_111_111_111,
        f"key {text}"[:4000]: 1,
    }


def _state(text: str) -> TraceState:
    """A trace state with it, where one may hold it."""
    return TraceState([("vendor", text)] if len(text) <= 256 and not re.search(r"[=,\n]", text) else ())


def record(recorder: Recorder, secrets: Sequence[str]) -> None:
    """Through capture: a resource, a scope, spans and logs of one provider for each secret."""
    for text in secrets:
        resource = Resource({"service.name": "shop", "deployment.note": text})
        tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracer_provider.add_span_processor(I2ESpanProcessor(recorder))
        logger_provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        logger_provider.add_log_record_processor(I2ELogRecordProcessor(recorder))
        tracer = tracer_provider.get_tracer("scope", "1", f"https://x/?{text}", attributes={"note": text})
        caller = SpanContext(5, 6, True, TraceFlags(TraceFlags.SAMPLED), _state(text))  # noqa: FBT003 -- is remote
        context = set_span_in_context(NonRecordingSpan(caller))
        with tracer.start_as_current_span(f"chat {text}", context, attributes=on_span(text)) as span:
            span.add_event(f"event {text}", {"note": text})
            span.add_link(span.get_span_context(), {"note": text})
            span.set_status(StatusCode.ERROR, f"failed with {text}")
            logger = logger_provider.get_logger("scope")
            for body in (text, {"content": text, "more": [{"content": text}]}):
                logger.emit(LogRecord(event_name="gen_ai.user.message", body=body, attributes={"note": text}))
    assert recorder.flush(60)


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    """What capture records of all secrets without a redactor: (signal, protobuf)."""
    settings = Settings(store=str(tmp_path_factory.mktemp("plain") / "i2e.duckdb"), ingest="off")
    recorder = Recorder(settings)
    record(recorder, [told(*secret) for secret in SECRETS.values()])
    recorder.close()
    spool = Spool(settings.spool_path)
    with spool.claim() as batches:
        found = [(batch.signal, batch.body) for batch in batches]
    spool.close()
    return found  # pyright: ignore[reportReturnType] -- a Signal is text


def as_json(signal: str, body: bytes) -> bytes:
    """OTLP/JSON of a request: ids in hex."""
    message = (ExportTraceServiceRequest if signal == "traces" else ExportLogsServiceRequest).FromString(body)

    def mended(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: mended(item, name) for name, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [mended(item) for item in cast("list[Any]", value)]
        return base64.b64decode(value).hex() if key in ("traceId", "spanId", "parentSpanId") else value

    return json.dumps(mended(MessageToDict(message, use_integers_for_enums=True))).encode()


def send_http(receiver: Receiver, door: str, signal: str, body: bytes) -> None:
    """By OTLP/HTTP, in gzip."""
    kind = "application/json" if door.endswith("json") else "application/x-protobuf"
    headers = {"content-type": kind, "content-encoding": "gzip"}
    url = f"{receiver.http_url}/v1/{signal}"
    with urllib.request.urlopen(urllib.request.Request(url, gzip.compress(body), headers)) as answer:
        assert answer.status == 200


def send_grpc(receiver: Receiver, door: str, signal: str, body: bytes) -> None:
    """By OTLP/gRPC, in gzip."""
    service = next(service for service in SERVICES if service.signal == signal)
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        call: Any = channel.unary_unary(f"/{service.name}/Export")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- of bytes
        call(body, timeout=20, compression=grpc.Compression.Gzip)


def enter(door: str, settings: Settings, requests: list[tuple[str, bytes]]) -> None:
    """All secrets by one door, as far as the spool; `i2e import` goes on into the store."""
    bodies = [(signal, as_json(signal, body) if door.endswith("json") else body) for signal, body in requests]
    if door == "capture":
        recorder = Recorder(settings)
        record(recorder, [told(*secret) for secret in SECRETS.values()])
        recorder.close()
    elif door.startswith(("http", "grpc")):
        spool = Spool(settings.spool_path)
        guard = make_guard("127.0.0.1", "", frozenset())
        redact = request_redactor(settings)
        with Receiver(spool, read_json, guard=guard, http_port=0, grpc_port=0, redact=redact) as receiver:
            for signal, body in bodies:
                (send_grpc if door == "grpc" else send_http)(receiver, door, signal, body)
            assert raw_left(settings.store_path.parent) == {}, "while the spool's write-ahead log is there"
        spool.close()
    else:
        folder = settings.store_path.parent.with_name(settings.store_path.parent.name + "-from")
        folder.mkdir()
        for number, (_, body) in enumerate(bodies):
            (folder / f"{number}").write_bytes(gzip.compress(body) if "gzip" in door else body)
        report = import_files(settings, [str(path) for path in sorted(folder.iterdir())])
        assert report.problems == []


def everything(folder: Path) -> Iterator[bytes]:
    """Every file, and the text of every value in the store, whose file is compressed."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    for path in folder.rglob("*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as db:
            for (table,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall():
                for row in db.execute(f'SELECT COLUMNS(*)::VARCHAR FROM "{table}"').fetchall():
                    yield "\0".join(value or "" for value in row).encode()


def raw_left(folder: Path) -> dict[str, int]:
    """As `left`, of the files as they are now: write-ahead logs and what is being written included."""
    return found_in(b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()))


def found_in(held: bytes) -> dict[str, int]:
    """Secret → parts of it that are somewhere in `held`."""
    windows = {held[at : at + NEEDLE] for at in range(len(held) - NEEDLE + 1)}
    return {name: n for name, (secret, _) in SECRETS.items() if (n := len(needles(secret) & windows))}


def left(folder: Path) -> dict[str, int]:
    """Secret → parts of it that are somewhere."""
    return found_in(b"\0".join(everything(folder)))


@pytest.mark.parametrize("door", DOORS)
def test_no_secret_reaches_a_file(
    door: str, requests: list[tuple[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spool, write-ahead logs, shared memory, store, blobs, rejects and logs hold nothing of any of them."""
    during: list[dict[str, int]] = []
    done = Spool.done

    def looked_at(spool: Spool, *given: Any) -> None:
        during.append(raw_left(tmp_path))
        done(spool, *given)

    monkeypatch.setattr(Spool, "done", looked_at)
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), redact=REDACT, ingest="off")
    handler = logging.FileHandler(tmp_path / "app.log")
    logging.getLogger().addHandler(handler)
    try:
        enter(door, settings, requests)
        assert left(tmp_path) == {}, "in the spool"
        stored = ingest(settings).stored
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    assert left(tmp_path) == {}, "in the store"
    assert during == [{}] * len(during) != [], "while rows are written"
    assert list((tmp_path / "i2e.duckdb.blobs").rglob("*/*"))
    assert stored == len(SECRETS) or door.startswith("import")
    counts = {count.counter: count.n for count in status(settings).counters}
    assert counts["redacted"] >= 1
    print(f"{door}: {len(SECRETS)} shapes of secrets x {len(SURFACES)} places, 0 bytes left in any file")


def test_without_a_redactor_they_are_all_there(requests: list[tuple[str, bytes]], tmp_path: Path) -> None:
    """What the test above looks for can be found."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), ingest="off")
    enter("import protobuf", settings, requests)
    assert left(tmp_path).keys() == SECRETS.keys()


def test_a_redactor_that_fails_drops_the_value(tmp_path: Path) -> None:
    """Not the span, not the other values, not the rule; counted under its name, and `i2e status` says it."""
    redact = {"callables": [f"{__name__}:broken", "no_such_module_of_ours:f"]}
    settings = Settings(store=str(tmp_path / "one.duckdb"), redact={"callables": redact["callables"][:1]}, ingest="off")
    recorder = Recorder(settings)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(I2ESpanProcessor(recorder))
    with provider.get_tracer("t").start_as_current_span("chat") as span:
        span.set_attributes({"a": "an unlucky value", "b": "a lucky one", "c": "sk-" + "x1" * 20})
    recorder.close()
    ingest(settings)
    found = status(settings)
    assert [(one.counter, one.reason, one.n) for one in found.counters if one.counter == "redact_error"] == [
        ("redact_error", f"{__name__}:broken: RuntimeError", 1)
    ]
    assert any("redact error" in warning for warning in found.warnings)
    with duckdb.connect(settings.store, read_only=True) as db:
        ((text,),) = db.execute("SELECT attributes::VARCHAR FROM spans").fetchall()
    print("a redactor that fails: its value is dropped and counted, the span and its other values stay")
    assert json.loads(text) == {"a": "[redacted:error]", "b": "a lucky one", "c": "[redacted:openai-key]"}
