"""Content or a twin that comes after a pass: what had none is tried again, what has a score is scored once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows.labels import add_label
from otel_i2e.workflows.linking import link_calls
from otel_i2e.workflows.scoring import score_online, score_where
from otel_i2e.workflows.why import why

APP, WIRE = "opentelemetry.instrumentation.anthropic", "com.anthropic.sdk.python"
BEGAN = datetime.now(UTC)
SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A rule over everything."""
    (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
    rule = {"name": "r", "scorers": ["short"]}
    return Settings(store=str(tmp_path / "s.duckdb"), scorers=(str(tmp_path / "scorers.py"),), rules=(rule,), source="")


def _told(settings: Settings, scope: str, output: str | None, *, ago: timedelta = timedelta()) -> None:
    """What an instrumentation tells of the one call."""
    at: dict[str, Any] = {"start_time": BEGAN, "end_time": BEGAN, "response_id": "r"}
    span: Span = llm_span(None if output is None else "?", output, scope_name=scope, **at)
    rows = [row_of(span.model_copy(update={"ingested_at": datetime.now(UTC) - ago}))]
    with Store.of(settings).write() as writer:
        link_calls(writer, rows)
        writer.add_spans(rows)


def _rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with Store.of(settings).read() as reader:
        return reader.rows(sql)


@pytest.mark.parametrize("ago", [timedelta(), timedelta(hours=5)])
@pytest.mark.parametrize(("first", "then"), [(APP, WIRE), (WIRE, APP)])
def test_content_that_a_twin_brings_is_scored(settings: Settings, first: str, then: str, ago: timedelta) -> None:
    """Once, whichever of the two rows is kept, and however long the first one was there."""
    _told(settings, first, None, ago=ago)
    score_online(settings, now=datetime.now(UTC) - ago)
    _told(settings, then, "Yes.")
    attempts = [score_online(settings).attempts for _ in range(3)]
    assert attempts == [1, 0, 0]
    assert [row["passed"] for row in _rows(settings, "SELECT passed FROM rated_scores")] == [True]


@pytest.mark.parametrize("ago", [timedelta(), timedelta(hours=5)])
@pytest.mark.parametrize(("first", "then"), [(APP, WIRE), (WIRE, APP)])
def test_a_call_that_has_a_score_is_not_scored_for_its_twin(
    settings: Settings, first: str, then: str, ago: timedelta
) -> None:
    """Neither online nor in a backfill, and it counts once."""
    _told(settings, first, "Yes.", ago=ago)
    score_online(settings, now=datetime.now(UTC) - ago)
    _told(settings, then, "Yes.")
    assert score_online(settings).attempts == 0
    assert score_where(settings, "kind = 'llm'", ["short"]).spans == 0
    assert len(_rows(settings, "SELECT * FROM rated_scores")) == 1


def test_a_trace_whose_root_is_elsewhere_is_known_by_its_first_span(settings: Settings) -> None:
    """To `i2e why` and `i2e label`, as to `i2e traces`."""
    later, first = (llm_span(parent_span_id="aa" * 8, trace_id="b" * 32, start_time=BEGAN + n * timedelta(seconds=1))
                    for n in (1, 0))  # fmt: skip
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(later), row_of(first)])
    assert [answer.scorer for answer in why(settings, "bbbb")] == ["short"]
    assert add_label(settings, "bbbb", scorer="short", passed=True, reviewer="ann").span_id == first.span_id


def test_a_label_is_where_the_score_is(settings: Settings) -> None:
    """On the row that is kept, also when the label was given to the other one."""
    _told(settings, WIRE, "Yes.")
    score_online(settings)
    (row,) = _rows(settings, "SELECT span_id FROM spans")
    add_label(settings, row["span_id"], scorer="short", passed=True, reviewer="ann")
    _told(settings, APP, "Yes.")
    (score,) = _rows(settings, "SELECT span_id FROM rated_scores")
    with Store.of(settings).read() as reader:
        assert [label.span_id for label in reader.labels("short")] == [score["span_id"]] != [row["span_id"]]
