"""Waiting for the traces of runs to be whole."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from otel_i2e.capture import Recorder
from otel_i2e.capture.open_spans import OpenSpans
from otel_i2e.config import Settings
from otel_i2e.models import Case
from otel_i2e.score import Scorer
from otel_i2e.score.checks.contains import contains
from otel_i2e.score.checks.tool_not_called import tool_not_called
from otel_i2e.workflows.case_runs import Ran
from otel_i2e.workflows.whole_traces import unfinished_traces

BEYOND, OF_THE_SPAN = tool_not_called("refund"), contains("x")
OPEN, WHOLE = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Recorder]:
    """One whose application still works in the trace `OPEN`; quiet after a moment."""
    monkeypatch.setattr("otel_i2e.workflows.whole_traces._QUIET", 0.01)
    recorder = Recorder(Settings(store=str(tmp_path / "i2e.duckdb")))
    recorder.open_spans = OpenSpans()
    recorder.open_spans.began(int(OPEN, 16))
    yield recorder
    recorder.close()


def _ran(trace_id: str, error: str | None = None) -> Ran:
    return Ran(Case(id=f"case-{trace_id[-1]}", input="q"), 0, trace_id, "a" * 16, error)


def _unfinished(recorder: Recorder, scorer: Scorer, *ran: Ran) -> dict[str, str]:
    return unfinished_traces(recorder, ran, {one.case.id: [scorer] for one in ran}, 0.05)


def test_a_trace_with_an_open_span_is_not_whole(recorder: Recorder) -> None:
    """It says how long was waited; the others are whole."""
    found = _unfinished(recorder, BEYOND, _ran(OPEN), _ran(WHOLE))
    assert list(found) == [OPEN]
    assert "had not ended 0.05 s after the answer" in found[OPEN]


def test_nobody_waits_where_no_scorer_looks_beyond_the_span(recorder: Recorder) -> None:
    """Nor for a run that gave nothing, nor where nobody counts open spans."""
    assert _unfinished(recorder, OF_THE_SPAN, _ran(OPEN)) == {}
    assert _unfinished(recorder, BEYOND, _ran(OPEN, "it raised")) == {}
    recorder.open_spans = None
    assert _unfinished(recorder, BEYOND, _ran(OPEN)) == {}
