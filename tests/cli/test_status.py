"""`i2e status`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)


def test_nothing_yet(i2e: Callable[..., Any]) -> None:
    """Says what to do, and makes nothing."""
    ran = i2e("status")
    assert ran.code == 0
    assert "nothing stored yet" in ran.out
    assert "Nothing is recorded yet. Put `import otel_i2e.auto` first" in ran.out
    assert list(Path().iterdir()) == []


def test_everything(i2e: Callable[..., Any]) -> None:
    """Store, spool, counters, rules and what needs attention, one line each."""
    Path("i2e.toml").write_text(
        '[[rules]]\nname = "good"\nscorers = ["equals"]\n[[rules]]\nname = "bad"\nscorers = 3\n'
    )
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(llm_span(None, None, scope_name="mystery\x1b"))])
    spool = Spool(Path(".i2e/i2e.duckdb.spool"))
    spool.put(b"x" * 5000, items=4)
    spool.count("dropped", "queue full", 1234)
    ran = i2e("status")
    assert ran.code == 0
    for said in (
        "settings    ",
        "spans 1, traces 1, model calls 1",
        "1 spans of scope mystery\\x1b are in no known dialect",
        "spool       4 spans and log records wait (5.0 kB, the oldest ",
        "counted     1,234 dropped (queue full)",
        "rule        good: 0 scores, 0 errors",
        "rule        bad: cannot run",
        "attention   1 of 1 model calls were recorded without content",
        "attention   1,234 dropped (queue full)",
    ):
        assert said in ran.out, said
    assert Spool(Path(".i2e/i2e.duckdb.spool")).stats().batches == 1, "looking changes nothing"


def test_as_json(i2e: Callable[..., Any]) -> None:
    """The same, for programs."""
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(llm_span())])
    found = json.loads(i2e("status", "--json").out)
    assert found["stored"]["spans"] == 1
    assert found["spool"] is None


def test_log_records_whose_span_has_not_come(i2e: Callable[..., Any]) -> None:
    """They stand in neither of the other lines."""
    record = {"traceId": "1" * 32, "spanId": "2" * 16, "eventName": "gen_ai.user.message"}
    Path("logs.json").write_text(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}))
    i2e("import", "logs.json")
    assert "1 log record waiting for a span that has not come, a week at most" in i2e("status").out
