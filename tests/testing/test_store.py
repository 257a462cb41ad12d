"""The temporary store and the score builder."""

from __future__ import annotations

from otel_i2e.testing import agent_span, llm_span, score_row, temporary_store, trace_of


def test_holds_what_it_was_given_and_is_gone_afterwards() -> None:
    """Spans and scores are read back through the real store; the file goes with the block."""
    turn = trace_of(agent_span("May I?", "Yes."), llm_span("May I?", "Yes."))
    scores = [score_row(turn[0], "grounded", 0.0, passed=False), score_row(turn[0], "feedback", 0.0)]
    with temporary_store(turn, scores=scores) as store:
        with store.read() as reader:
            kept = reader.trace(turn[0].trace_id)
            found = {score.name: score for score in reader.scores(trace_ids=[turn[0].trace_id])}
        path = store.path
    assert [span.span_id for span in kept] == [span.span_id for span in turn]
    assert (found["grounded"].span_id, found["grounded"].passed) == (turn[0].span_id, False)
    assert (found["feedback"].span_id, found["feedback"].source) == (None, "user")
    assert not path.parent.exists()


def test_user_sql_runs_on_it() -> None:
    """A query of the user's runs as in production."""
    with temporary_store([llm_span(), llm_span()]) as store:
        assert store.query("SELECT count(*) FROM llm_calls", timeout=5, max_rows=10).rows == ((2,),)
