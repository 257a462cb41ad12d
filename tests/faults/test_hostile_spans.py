"""Late, large and hostile spans, by the receiver into the store and out by `i2e trace`: never a crash, nor a hang."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.ingest import drain

NOW = 1_790_000_000 * 10**9
WEEK = 7 * 86_400 * 10**9
PER_REQUEST = 5_000


class Hostile(NamedTuple):
    """What is sent, and what must become of it."""

    name: str
    requests: list[tuple[str, bytes]]
    """Content type and body, in order."""
    stored: int
    rejected: int = 0
    status: int = 200
    depth: int | None = None
    """Of the deepest span as `i2e trace` shows it."""
    trace_id: str = ""


def _request(spans: Iterable[dict[str, Any]], trace_id: bytes) -> tuple[str, bytes]:
    request = ExportTraceServiceRequest()
    into = request.resource_spans.add().scope_spans.add().spans
    for number, span in enumerate(spans, 1):
        attributes: dict[str, str] = span.pop("attributes", {})
        one = into.add(
            **{"trace_id": trace_id, "span_id": _id(number), "name": f"span {number}", "kind": 3}
            | {"start_time_unix_nano": NOW, "end_time_unix_nano": NOW + 10**9}
            | span
        )
        for key, value in attributes.items():
            one.attributes.add(key=key).value.string_value = value
    return "application/x-protobuf", request.SerializeToString()


def _id(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _chain(count: int) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        yield {"parent_span_id": _id(number - 1) if number > 1 else b""}


def _wide(trace_id: bytes, count: int) -> list[tuple[str, bytes]]:
    """One root with all the others below it, in requests of a few thousand."""
    spans = [{"span_id": _id(n), "parent_span_id": _id(1) if n > 1 else b""} for n in range(1, count + 1)]
    return [_request(spans[at : at + PER_REQUEST], trace_id) for at in range(0, count, PER_REQUEST)]


def _json(trace_id: bytes, text: str) -> tuple[str, bytes]:
    """A span whose name, keys and values are JSON text `text`, as it stands."""
    span = {"traceId": trace_id.hex(), "spanId": _id(1).hex(), "name": "?", "startTimeUnixNano": str(NOW)}
    span |= {"attributes": [{"key": "?", "value": {"stringValue": "?"}}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return "application/json", body.replace('"?"', text).encode()


def _nested(trace_id: bytes, depth: int) -> tuple[str, bytes]:
    """A span with one value within the other."""
    kind, body = _json(trace_id, '"?"')
    value = '{"arrayValue":{"values":[' * depth + '{"intValue":1}' + "]}}" * depth
    return kind, body.replace(b'{"stringValue": "?"}', value.encode())


def _hostile(full: bool) -> Iterator[Hostile]:
    """One at a time: some are large. Trace ids count from 1, in order; all have the trace id of their place."""
    spans = 50_000 if full else 5_000
    chat = {"gen_ai.operation.name": "chat"}
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "why? " * 2_000_000}]}])
    makers: list[Callable[[bytes], Hostile]] = [
        lambda t: Hostile("a span that never ended", [_request([{"end_time_unix_nano": 0}], t)], 1),
        lambda t: Hostile("a child before its parent", _requests_backwards(t), 2, depth=1),
        lambda t: Hostile("a span a week late", _a_week_apart(t), 2, depth=1),
        lambda t: Hostile("clocks of 1970, 2262 and 2554", [_request(_odd_clocks(), t)], 4),
        lambda t: Hostile("zero and short ids", [_request(_bad_ids(), t)], 1, rejected=3),
        lambda t: Hostile("parents in a circle, and one that is itself", [_request(_circle(), t)], 3),
        lambda t: Hostile(f"a trace of {spans:,} spans", _wide(t, spans), spans, depth=1),
        lambda t: Hostile(
            "a prompt of 10 MB", [_request([{"attributes": {**chat, "gen_ai.input.messages": said}}], t)], 1
        ),
        lambda t: Hostile(
            "100,000 attributes", [_request([{"attributes": {f"k{n}": "v" for n in range(100_000)}}], t)], 1
        ),
        lambda t: Hostile("NUL in name, key and value", [_json(t, r'"a\u0000b"')], 1),
        lambda t: Hostile("lone surrogates in name, key and value", [_json(t, r'"a\ud800b"')], 1),
        lambda t: Hostile("bytes that are no UTF-8", [_no_utf8(t)], 1),
        lambda t: Hostile("a tree 5,000 deep", [_request(_chain(5_000), t)], 5_000, depth=4_999),
        lambda t: Hostile("a value nested 5,000 deep", [_nested(t, 5_000)], 0, status=400),
    ]
    for number, make in enumerate(makers, 1):
        yield make(number.to_bytes(16, "big"))


def _requests_backwards(trace_id: bytes) -> list[tuple[str, bytes]]:
    child = {"span_id": _id(2), "parent_span_id": _id(1)}
    return [_request([child], trace_id), _request([{}], trace_id)]


def _a_week_apart(trace_id: bytes) -> list[tuple[str, bytes]]:
    child = {"span_id": _id(2), "parent_span_id": _id(1), "start_time_unix_nano": NOW - WEEK}
    return [_request([{}], trace_id), _request([{**child, "end_time_unix_nano": NOW - WEEK + 1}], trace_id)]


def _odd_clocks() -> list[dict[str, Any]]:
    return [
        {"start_time_unix_nano": start, "end_time_unix_nano": end}
        for start, end in ((1, 2), (0, 0), (2**63 - 2, 2**63 - 1), (2**64 - 2, 2**64 - 1))
    ]


def _bad_ids() -> list[dict[str, Any]]:
    return [{}, {"span_id": bytes(8)}, {"trace_id": bytes(16)}, {"span_id": b"short"}]


def _circle() -> list[dict[str, Any]]:
    return [{"parent_span_id": _id(2)}, {"parent_span_id": _id(1)}, {"parent_span_id": _id(3)}]


def _no_utf8(trace_id: bytes) -> tuple[str, bytes]:
    kind, body = _request([{"name": "abc"}], trace_id)
    return kind, body.replace(b"abc", b"\xed\xa0\x80")


READ = """
import contextlib, io, json, sys, time
from otel_i2e.cli.main import main
for line in sys.stdin:
    out, began = io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(out):
        try:
            main(json.loads(line))
        except SystemExit as ended:
            code = ended.code
    print(json.dumps({"code": code, "out": out.getvalue(), "seconds": time.monotonic() - began}))
"""
SMALL = 10_000
"""Bytes of a request that is sent again."""
TIMEOUT = 240
"""Seconds for all that is read: more is a hang."""


def _post(receiver: ReceiverProcess, kind: str, body: bytes) -> int:
    connection = http.client.HTTPConnection(urlsplit(receiver.http).netloc, timeout=60)
    try:
        connection.request("POST", "/v1/traces", body, {"content-type": kind})
        return connection.getresponse().status
    finally:
        connection.close()


def _read(store: Path, commands: list[list[str]]) -> list[dict[str, Any]]:
    """What each command of `i2e` answered, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", READ],
        input="".join(json.dumps([*command, "--store", str(store)]) + "\n" for command in commands),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_stored_or_rejected_and_read(tmp_path: Path, full: bool) -> None:
    """Each is counted, also when it comes again, none takes its neighbours with it, and each trace is shown.

    As a tree and as JSON; `i2e status` says how many were rejected and why.
    """
    store, sent = tmp_path / "s.duckdb", list[Hostile]()
    with ReceiverProcess(store, "--no-ingest") as receiver:
        for number, hostile in enumerate(_hostile(full), 1):
            assert {_post(receiver, *request) for request in hostile.requests} == {hostile.status}, hostile.name
            small = [request for request in hostile.requests if len(request[1]) < SMALL]
            sent.append(hostile._replace(requests=small, trace_id=f"{number:032x}"))
        assert _post(receiver, *_request([{}], b"after the others")) == 200
        assert drain(Settings(store=str(store)), 120)
        again = sum(_post(receiver, *request) == 200 for hostile in sent for request in hostile.requests)
        assert again > len(sent) // 2
    assert drain(Settings(store=str(store)), 120)
    with Store(store).read() as reader:
        counted = reader.rows("SELECT trace_id, count(*) AS n, count(DISTINCT span_id) AS ids FROM spans GROUP BY ALL")
    stored = {row["trace_id"]: row["n"] for row in counted}
    assert stored == {row["trace_id"]: row["ids"] for row in counted}
    expected = {one.trace_id: one.stored for one in sent if one.stored}
    assert stored == {**expected, b"after the others".hex(): 1}
    counters = receiver.counters()
    reasons = {reason: n for (counter, reason), n in counters.items() if counter in ("rejected", "refused")}
    assert sum(n for (counter, _), n in counters.items() if counter == "rejected") == sum(
        2 * one.rejected for one in sent
    )
    _shown(store, sent)
    print(f"counted reasons: {reasons}")


def _shown(store: Path, sent: list[Hostile]) -> None:
    """`i2e traces` lists them, `i2e trace` shows each."""
    there = [one for one in sent if one.stored]
    commands = [["traces", "--limit", "50"], ["traces", "--limit", "50", "--json"]]
    for one in there:
        commands += [["trace", one.trace_id], ["trace", one.trace_id, "--json"]]
    commands += [["status"], ["status", "--json"], ["sql", "SELECT count(*) AS n FROM llm_calls", "--json"]]
    answers = _read(store, commands)
    assert [answer["code"] for answer in answers] == [0] * len(commands)
    for one in there:
        assert one.trace_id[:8] in answers[0]["out"]
        assert one.trace_id in answers[1]["out"]
    trees = answers[2 : 2 + 2 * len(there)]
    for one, tree, whole in zip(there, trees[::2], trees[1::2], strict=True):
        spans: list[Any] = json.loads(whole["out"])["spans"]
        assert len(spans) == one.stored, one.name
        assert one.depth in (None, max(span["depth"] for span in spans)), one.name
        assert tree["out"].startswith(f"trace {one.trace_id}")
        print(f"{one.name}: {one.stored:,} stored, {one.rejected} rejected, shown in {tree['seconds']:.1f} s")
    *_, state, _, _ = answers
    assert "not 8 bytes, or zero" in state["out"]
    print(
        f"`i2e status` over all of them: {state['seconds']:.1f} s, {max(map(len, state['out'].splitlines()))} columns"
    )
    for one in sent:
        if one not in there:
            print(f"{one.name}: answered {one.status}, nothing stored")
