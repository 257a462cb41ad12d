"""An OTLP/JSON request one of whose items is nested too deeply: the others are taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_i2e.normalize import decode_logs, decode_traces
from otel_i2e.receive.examine import examined
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.salvage import UNREADABLE
from otel_i2e.receive.salvage_json import DEEPEST, salvaged_json
from otel_i2e.receive.services import LOGS, TRACES
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json

MARK = b'{"stringValue":"MARK"}'


def lists(levels: int) -> bytes:
    """A list in a list, and so on."""
    return b'{"arrayValue":{"values":[' * levels + MARK + b"]}}" * levels


def objects(levels: int) -> bytes:
    """An object in an object, and so on."""
    return b'{"kvlistValue":{"values":[{"key":"}","value":' * levels + MARK + b"}]}}" * levels


def request(*values: bytes, gap: bytes = b"") -> bytes:
    """Spans, each with one of `values`."""
    spans = [
        b'{"traceId":"%s","spanId":"%016x","name":"]}\\"{[","attributes":[{"key":"k","value":%s}]}'
        % (b"1" * 32, number, value)
        for number, value in enumerate(values, 1)
    ]
    listed = (gap + b"," + gap).join(spans)
    return b'{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[%s]}]}]}' % (gap + listed + gap)


@pytest.mark.parametrize("deep", [lists, objects])
@pytest.mark.parametrize("gap", [b"", b" \n"])
@pytest.mark.parametrize("at", range(3))
def test_a_span_that_is_nested_too_deeply_is_left_out(deep: Any, gap: bytes, at: int) -> None:
    """Wherever it stands among the others; brackets inside of texts are none."""
    values = [MARK] * 3
    values[at] = deep(5_000)
    found = examined(TRACES, "json", request(*values, gap=gap), read_json)
    assert (found.items, found.lost) == (2, {UNREADABLE: 1})
    assert [int(span.span_id, 16) for span in decode_traces(found.body, "json")] == [n + 1 for n in range(3) if n != at]


def test_several_in_a_row_are_left_out() -> None:
    """At the end, too, where no comma follows."""
    found = examined(TRACES, "json", request(MARK, lists(2_000), objects(2_000)), read_json)
    assert (found.items, found.lost) == (1, {UNREADABLE: 2})


@pytest.mark.parametrize("levels", [*range(140, 155), *range(190, 205), *range(300, 345, 3)])
@pytest.mark.parametrize("deep", [lists, objects])
def test_what_is_taken_can_be_read(deep: Any, levels: int) -> None:
    """At every depth around the limits of the readers, no span is lost without being counted."""
    found = examined(TRACES, "json", request(MARK, deep(levels)), read_json)
    assert len(decode_traces(found.body, "json")) == found.items
    assert found.items + found.lost.total() == 2


def test_log_records_too() -> None:
    """With their own names of lists."""
    sent = json.loads(logs_request(["a", "MARK"], encoding="json"))
    deep = json.dumps(sent).encode().replace(b'{"stringValue": "MARK"}', objects(DEEPEST))
    found = examined(LOGS, "json", deep, read_json)
    assert found.lost == {UNREADABLE: 1}
    assert [log.body for log in decode_logs(found.body, "json")] == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        request(lists(5_000)),
        request(MARK, lists(5_000))[:-9] + b"oops",
        b'{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":%s}]}}]}' % lists(5_000),
        b"[" * 100_000,
        b'"' * 100_001,
        b"]" * 1_000,
        traces_request(span_ids(2), encoding="json")[:-1],
    ],
    ids=lambda _: "body",
)
def test_a_request_without_others_is_refused(body: bytes) -> None:
    """Its only span is too deep, or something else is wrong with it."""
    with pytest.raises(Refused, match="bytes"):
        examined(TRACES, "json", body, read_json)


def test_what_is_not_too_deep_is_nothing_to_salvage() -> None:
    """The text stays as it is."""
    assert salvaged_json(TRACES, request(MARK, MARK)) is None
