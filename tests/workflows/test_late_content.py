"""Content that comes before or after its span. Through the spool: test_ingest.py."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize import RawLog, RawSpan, normalize_span
from otel_i2e.store import Writer
from otel_i2e.testing import temporary_store
from otel_i2e.workflows import late_content
from otel_i2e.workflows.late_content import join_content

TRACE, SPAN = "a" * 32, "b" * 16


def _span(attributes: dict[str, Any]) -> RawSpan:
    return RawSpan(
        {"service.name": "shop"},
        "s",
        "",
        TRACE,
        SPAN,
        "",
        "chat",
        3,
        10**18,
        10**18 + 5_000,
        attributes,
        [],
        [],
        "unset",
        "",
    )


def _log(name: str, content: str) -> RawLog:
    return RawLog({}, "", "", TRACE, SPAN, name, 10**18, 9, {"content": content}, {})


def _store(writer: Writer, *logs: RawLog, row: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    rows = [] if row is None else [row]
    again = join_content(writer, rows, logs)
    writer.replace_spans(again)
    writer.add_spans(rows)
    return writer.stored_spans([(TRACE, SPAN)])


def test_one_record_at_a_time_gives_the_whole_conversation() -> None:
    """What was joined already is joined again with what came now; times, links and status are the span's."""
    said = [_log("gen_ai.system.message", "be kind"), _log("gen_ai.user.message", "hi"), _log("gen_ai.choice", "ho")]
    with temporary_store() as store, store.write() as writer:
        assert _store(writer, said[0]) == []
        row = {**normalize_span(_span({"gen_ai.operation.name": "chat"})), "duplicate_of": "c" * 16, "ingested_at": 5}
        _store(writer, row=row)
        _store(writer, said[1])
        (stored,) = _store(writer, said[2])
    assert stored["system_instructions"] == '[{"type":"text","content":"be kind"}]'
    assert (stored["input_text"], stored["output_text"]) == ("hi", "ho")
    assert (stored["duplicate_of"], stored["ingested_at"], stored["duration_ms"]) == ("c" * 16, 5, 0.005)
    assert stored["attributes"] == '{"gen_ai.operation.name":"chat"}'


@pytest.mark.parametrize("first", ["log", "span"])
def test_a_failure_that_only_a_log_record_tells(first: str) -> None:
    """It comes before its span or after it; what the span itself said of its failure stays."""
    told = {"exception.type": "RateLimitError", "exception.message": "Error code: 429 - slow"}
    log = RawLog({}, "", "", TRACE, SPAN, "gen_ai.client.operation.exception", 10**18, 9, None, told)
    for said, expected in (
        ({}, ("error", "RateLimitError", "429", "Error code: 429 - slow")),
        ({"error.type": "Slow"}, ("error", "Slow", "429", "Error code: 429 - slow")),
    ):
        row = {**normalize_span(_span({"gen_ai.operation.name": "chat", **said})), "duplicate_of": None}
        row = {**row, "duplicate_trace_id": None, "ingested_at": None}
        with temporary_store() as store, store.write() as writer:
            if first == "log":
                _store(writer, log)
                (stored,) = _store(writer, row=row)
            else:
                _store(writer, row=row)
                (stored,) = _store(writer, log)
        names = ("status", "error_type", "error_code", "status_message")
        assert tuple(stored[name] for name in names) == expected


def test_a_span_that_cannot_be_read_again_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours costs that content, not the batch."""

    def clumsy(*_: Any) -> Any:
        raise KeyError("oops")

    with temporary_store() as store, store.write() as writer:
        _store(writer, row={**normalize_span(_span({"gen_ai.operation.name": "chat"})), "ingested_at": 5})
        monkeypatch.setattr(late_content, "normalize_span", clumsy)
        (stored,) = _store(writer, _log("gen_ai.user.message", "hi"))
    assert stored["input_text"] is None
