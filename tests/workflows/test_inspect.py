"""Looking at traces: every span once, whatever it says of its parent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, QueryError, UsageError
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, score_row, tool_span, trace_of
from otel_i2e.workflows.inspect import latest_traces, trace_tree, tree_of

_TRACE = "a" * 32
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _span(name: str, parent: str | None = None, **columns: object) -> Span:
    return Span.model_validate({"trace_id": _TRACE, "span_id": name, "parent_span_id": parent, "name": name, **columns})


def _shape(*spans: Span) -> list[tuple[int, str]]:
    return [(node.depth, node.span.span_id) for node in tree_of(spans).nodes]


def test_parents_before_children_siblings_in_order() -> None:
    """Depth-first; a span whose parent is elsewhere is a root."""
    spans = [_span("b", "root"), _span("root"), _span("a", "root"), _span("b1", "b"), _span("lost", "elsewhere")]
    assert _shape(*spans) == [(0, "root"), (1, "b"), (2, "b1"), (1, "a"), (0, "lost")]


def test_circles_are_cut() -> None:
    """A span that is its own parent, and two that are each other's."""
    spans = [_span("self", "self"), _span("a", "b"), _span("b", "a"), _span("c", "b")]
    assert _shape(*spans) == [(0, "self"), (0, "a"), (1, "b"), (2, "c")]


def test_a_very_deep_trace() -> None:
    """5,000 levels are no recursion."""
    spans = [_span(str(level), str(level - 1) if level else None) for level in range(5000)]
    assert _shape(*spans)[-1] == (4999, "4999")


def test_repeated_calls_are_shown_once_with_who_else_recorded_them() -> None:
    """What hangs below the repeated span hangs below the one that is shown."""
    spans = [_span("a"), _span("twin", duplicate_of="a", scope_name="other"), _span("below", "twin")]
    tree = tree_of(spans)
    assert [(node.depth, node.span.span_id, node.recorded_by) for node in tree.nodes] == [
        (0, "a", ("other",)),
        (1, "below", ()),
    ]
    assert _shape(_span("twin", duplicate_of="not here")) == [(0, "twin")]


def test_scores_stand_at_their_span_or_at_the_trace() -> None:
    """Feedback, and scores of spans that are not stored, belong to the trace."""
    call = llm_span()
    scores = [score_row(call, "x", 1.0), score_row(call, "feedback", 0.0), score_row(call, "y", 0.0, span_id="gone")]
    tree = tree_of([call], scores)
    assert [score.name for score in tree.nodes[0].scores] == ["x"]
    assert [score.name for score in tree.scores] == ["feedback", "y"]


_MAYBE = st.none() | st.integers(0, 14)


@given(st.dictionaries(st.integers(0, 12), st.tuples(_MAYBE, _MAYBE), min_size=1))
def test_no_span_is_lost_or_shown_twice(links: dict[int, tuple[int | None, int | None]]) -> None:
    """Property: whatever spans say of parents and repeats, each is shown, or repeats one that is there."""
    spans = [
        _span(str(name), None if up is None else str(up), duplicate_of=None if twin in (None, name) else str(twin))
        for name, (up, twin) in links.items()
    ]
    shown = [node.span.span_id for node in tree_of(spans).nodes]
    assert len(shown) == len(set(shown))
    left_out = {span.span_id: span.duplicate_of for span in spans if span.span_id not in shown}
    assert set(left_out.values()) <= set(shown)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three traces, an hour apart."""
    made = Settings(store=str(tmp_path / "s.duckdb"))
    now = datetime.now(UTC)
    turns = [
        trace_of(
            agent_span(f"turn {hours}", trace_id=f"{hours}" * 32, start_time=now - timedelta(hours=hours)),
            tool_span("t"),
        )
        for hours in (1, 2, 3)
    ]
    with Store.of(made).write() as writer:
        writer.add_spans([row_of(span) for turn in turns for span in turn])
    return made


def test_the_latest_traces(settings: Settings) -> None:
    """By number, by time, by condition."""
    assert [row["input_text"] for row in latest_traces(settings, limit=2)] == ["turn 1", "turn 2"]
    assert [row["input_text"] for row in latest_traces(settings, since=datetime.now(UTC) - timedelta(minutes=90))] == [
        "turn 1"
    ]
    assert [row["input_text"] for row in latest_traces(settings, where="input_text LIKE '%3'")] == ["turn 3"]


def test_a_condition_is_one_condition(settings: Settings) -> None:
    """It cannot leave its brackets, and a column that is not there is said."""
    with pytest.raises(UsageError, match="--where"):
        latest_traces(settings, where="true) UNION SELECT 1 FROM (SELECT 1")
    with pytest.raises(QueryError, match=r"--where 'nonsense = 1': .*nonsense"):
        latest_traces(settings, where="nonsense = 1")


def test_one_trace_with_its_scores(settings: Settings) -> None:
    """By a beginning of its id."""
    tree = trace_tree(settings, "22")
    assert tree.trace_id == "2" * 32
    assert [(node.depth, node.span.kind) for node in tree.nodes] == [(0, "agent"), (1, "tool")]
    with pytest.raises(NotFound, match="i2e traces"):
        trace_tree(settings, "ff")
