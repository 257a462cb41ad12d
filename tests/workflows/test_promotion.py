"""Promotion from the store to proposed cases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, NotFound, QueryError, UsageError
from otel_i2e.models import StoredCase
from otel_i2e.promote import Outcome
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, retrieval_span, row_of, score_row, trace_of
from otel_i2e.workflows.promotion import Promotion, promote_query, promote_span
from otel_i2e.workflows.review import approve, list_cases, reject

QUERY = """\
-- name: low_score
-- description: Low scores.
-- kind: promote
-- param: below number = 0.5  What counts as low
-- priority: P0
-- failure_mode: hallucination
SELECT trace_id, span_id, name AS scorer, value FROM scores WHERE value < $below ORDER BY created_at
"""
TURNS = [
    trace_of(
        agent_span(question, answer),
        retrieval_span(question, ["Laptops: 30 days."]),
        llm_span(question, answer, prompt_name="support", prompt_version="3"),
    )
    for question, answer in (
        ("Can I return a laptop after 90 days?", "Yes, 120 days."),
        ("can I return a laptop after 90 days? ", "Yes, of course."),
        ("How long is the warranty?", "Ten years."),
    )
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Three turns with bad scores, two of them the same question, and a query."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "low_score.sql").write_text(QUERY)
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), datasets="evals", queries=str(tmp_path / "queries"))
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for turn in TURNS for span in turn])
        writer.add_scores([score_row(turn[0], "grounded", 0.1 * n) for n, turn in enumerate(TURNS)])
    return settings


def _promote(settings: Settings, **given: object) -> Promotion:
    return promote_query(settings, "low_score", dataset="refunds", **given)  # type: ignore[arg-type] -- options of the test


def _proposed(settings: Settings) -> list[StoredCase]:
    return list_cases(settings, dataset="refunds")


def test_rows_become_proposed_cases(settings: Settings) -> None:
    """With what the trace held, what the header says and what the query computed."""
    done = _promote(settings)
    assert [proposal.outcome for proposal in done.proposals] == [
        Outcome.PROPOSED, Outcome.DUPLICATE, Outcome.PROPOSED,
    ]  # fmt: skip
    assert (done.rows, done.stored, done.truncated) == (3, True, False)
    stored = {one.case.id: one for one in _proposed(settings)}
    assert set(stored) == {"can-i-return-a-laptop-after-90-days", "how-long-is-the-warranty"}
    one = stored["can-i-return-a-laptop-after-90-days"]
    assert (one.status, one.revision, one.case.priority, one.case.failure_mode) == (
        "proposed",
        1,
        "P0",
        "hallucination",
    )
    assert one.case.input == "Can I return a laptop after 90 days?"
    assert [document.content for document in one.case.context.documents] == ["Laptops: 30 days."]
    assert one.case.metadata == {"found": {"scorer": "grounded", "value": 0.0}}
    origin = one.case.origin
    assert origin is not None
    assert (origin.trace_id, origin.span_id, origin.prompt_version) == (TURNS[0][0].trace_id, TURNS[0][0].span_id, "3")
    assert origin.query == done.query
    assert origin.query is not None
    assert origin.query.startswith("low_score@")


def test_promoting_again_proposes_nothing_new(settings: Settings) -> None:
    """Whatever became of the cases meanwhile: waiting, approved or rejected."""
    first = _promote(settings)
    approve(settings, first.cases[0].id, {"must": [{"contains": "30 days"}]})
    reject(settings, first.cases[1].id, "a joke")
    again = _promote(settings)
    assert [proposal.outcome for proposal in again.proposals] == [Outcome.DUPLICATE] * 3
    assert [proposal.duplicate_of for proposal in again.proposals] == [
        first.cases[0].id, first.cases[0].id, first.cases[1].id,
    ]  # fmt: skip


def test_a_case_that_was_written_by_hand_is_known_too(settings: Settings) -> None:
    """A dataset file is read beside the store."""
    Path("evals").mkdir()
    Path("evals/refunds.jsonl").write_text('{"id": "mine", "input": "How long is the warranty?"}\n{broken\n')
    done = _promote(settings)
    assert [proposal.duplicate_of for proposal in done.proposals][2] == "mine"


def test_a_dry_run_stores_nothing(settings: Settings) -> None:
    """But shows the cases."""
    done = _promote(settings, dry_run=True)
    assert (len(done.cases), done.stored) == (2, False)
    assert _proposed(settings) == []


def test_a_limit_counts_new_cases(settings: Settings) -> None:
    """So that a second run goes on where the first ended."""
    assert len(_promote(settings, limit=1).cases) == 1
    again = _promote(settings, limit=1)
    assert [case.id for case in again.cases] == ["how-long-is-the-warranty"]


def test_parameters_reach_the_query(settings: Settings) -> None:
    """Nothing below zero is nothing found."""
    assert _promote(settings, params={"below": "0.05"}).rows == 1
    assert _promote(settings, params={"below": "-1"}).proposals == ()


def test_two_promotions_at_once_propose_a_case_once(settings: Settings) -> None:
    """The second waits and sees what the first stored."""
    with ThreadPoolExecutor(2) as pool:
        done = [future.result() for future in [pool.submit(_promote, settings) for _ in range(2)]]
    assert sorted(len(one.cases) for one in done) == [0, 2]
    assert len(_proposed(settings)) == 2


def test_a_query_for_something_else_is_refused(settings: Settings) -> None:
    """Its rows do not mean failures."""
    Path("queries/other.sql").write_text(QUERY.replace("promote", "diagnose").split("-- priority")[0] + "SELECT $below")
    with pytest.raises(QueryError, match=r"other.sql: query 'low_score' is of kind 'diagnose'; promotion needs"):
        promote_query(settings, "queries/other.sql", dataset="refunds")


def test_a_dataset_needs_a_name(settings: Settings) -> None:
    """A path is not one."""
    with pytest.raises(DatasetError, match="is not a dataset's name"):
        promote_query(settings, "low_score", dataset="evals/refunds.jsonl")


def test_a_span_is_promoted_by_hand(settings: Settings) -> None:
    """By a beginning of its id, with what must hold said at once."""
    fields = {"expected": "No.", "must": [{"contains": "30 days"}], "priority": "P0"}
    done = promote_span(settings, TURNS[0][2].span_id[:10].upper(), dataset="refunds", fields=fields, by="ada")
    (stored,) = _proposed(settings)
    assert stored.by == "ada"
    assert done.cases == [stored.case]
    assert (stored.case.expected, stored.case.priority, stored.case.checks_something) == ("No.", "P0", True)
    assert stored.case.origin is not None
    assert (stored.case.origin.span_id, stored.case.origin.query) == (TURNS[0][2].span_id, None)


def test_a_trace_is_promoted_by_its_entry(settings: Settings) -> None:
    """What users have at hand is often the trace's id."""
    (case,) = promote_span(settings, TURNS[2][0].trace_id[:12], dataset="refunds").cases
    assert case.origin is not None
    assert case.origin.span_id == TURNS[2][0].span_id


def test_an_id_that_names_nothing_or_too_much_is_one_line(settings: Settings) -> None:
    """And so is text that cannot be an id."""
    with pytest.raises(NotFound, match="begins with 'ffffffffffffffff00'"):
        promote_span(settings, "ffffffffffffffff00", dataset="refunds")
    with pytest.raises(UsageError, match="'xyz' is not a span id"):
        promote_span(settings, "xyz", dataset="refunds")
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span(span_id=f"abcdef000000000{n}")) for n in (1, 2)])
    with pytest.raises(UsageError, match="'abcdef' begins several ids"):
        promote_span(settings, "abcdef", dataset="refunds")
