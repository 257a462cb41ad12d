"""`i2e traces`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, score_row, trace_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)


def _fill() -> None:
    now = datetime.now(UTC)
    turns = [
        trace_of(
            agent_span(f"question {hours}", "x" * 200, start_time=now - timedelta(hours=hours)),
            llm_span(cost_usd=0.25),
        )
        for hours in (1, 2)
    ]
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(span) for turn in turns for span in turn])
        complaint = score_row(turns[0][0], "feedback", 0.0)
        writer.add_scores([score_row(turns[0][1], "grounded", 0.25, passed=False), complaint])


def test_one_line_each(i2e: Callable[..., Any]) -> None:
    """Newest first, with tokens, cost and the marks of failure; long texts are shortened."""
    _fill()
    header, first, second = i2e("traces").out.splitlines()
    assert header.startswith("trace\tstarted\tname\tservice\tms\tstatus\tcalls\ttokens\tcost\tscore\tinput\toutput")
    assert "\t1\t100→20\t$0.2500\t0.25 ✗👎\tquestion 1\t" + "x" * 59 + "…" in first
    assert "question 2" in second


@pytest.mark.parametrize(("width", "columns"), [(80, "trace started status score input output"), (100, "ms tokens")])
def test_a_terminal_of_usual_width_shows_a_table(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int, columns: str
) -> None:
    """With the columns that tell most, and ids that `i2e trace` takes."""
    _fill()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = click.unstyle(i2e("traces").out).splitlines()
    assert [name for name in columns.split() if name not in lines[1]] == []
    assert max(map(len, lines)) <= width
    row = [cell.strip() for cell in lines[3].strip("│").split("│")]
    assert row[-2].startswith("question 1")
    assert len(row[0]) == 12
    assert i2e("trace", row[0], "--json").code == 0


def test_choosing(i2e: Callable[..., Any]) -> None:
    """By number, age and condition; JSON has every column."""
    _fill()
    assert [row["input_text"] for row in json.loads(i2e("traces", "--limit", "1", "--json").out)] == ["question 1"]
    assert len(json.loads(i2e("traces", "--since", "90m", "--json").out)) == 1
    (row,) = json.loads(i2e("traces", "--where", "failed_scores > 0", "--json").out)
    assert (row["cost_usd"], row["feedback"]) == (0.25, 0.0)


def test_nothing_to_show(i2e: Callable[..., Any]) -> None:
    """Says what to do next, and knows an empty store from a condition that nothing meets."""
    assert i2e("traces").code == 2
    with Store(Path(".i2e/i2e.duckdb")).write():
        pass
    assert i2e("traces").out.startswith("No traces yet. Run an application with `import otel_i2e.auto`")
    assert i2e("traces", "--since", "1h").out.startswith("No trace matches.")


def test_a_condition_that_is_wrong(i2e: Callable[..., Any]) -> None:
    """One line; exit 2."""
    _fill()
    for where in ("nonsense = 1", "true) or (true", "1; drop table scores"):
        ran = i2e("traces", "--where", where)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "--where" in ran.err


def test_an_application_that_has_just_begun_is_seen(i2e: Callable[..., Any]) -> None:
    """Its spans wait in the spool, which has not been moved yet: reading moves them first."""
    application = (
        "import otel_i2e\n"
        "from otel_i2e.capture import recorder\n"
        "otel_i2e.configure()\n"
        "otel_i2e.observe(lambda question: 'yes', name='first answer')('?')\n"
        "assert recorder().flush(30)\n"
    )
    subprocess.run(
        [sys.executable, "-c", application], env={**os.environ, "I2E_INGEST": "off"}, check=True, timeout=120
    )
    assert not Path(".i2e/i2e.duckdb").exists()
    ran = i2e("traces")
    assert (ran.code, ran.err) == (0, "")
    assert "\tfirst answer\t" in ran.out
