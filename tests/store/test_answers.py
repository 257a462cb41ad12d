"""Scores that name the answer they are about."""

from __future__ import annotations

from otel_i2e.testing import agent_span, llm_span, score_row, temporary_store

CALL = llm_span(response_id="msg_1")
OTHER = llm_span(response_id="msg_2")
SENT_WITH = agent_span()


def _naming(response_id: str, **fields: str) -> dict[str, str]:
    return {"gen_ai.response.id": response_id, **fields}


def test_calls_are_found_by_the_answer_they_gave() -> None:
    """Model calls only, and only those that are asked for."""
    with temporary_store([CALL, OTHER, agent_span(response_id="msg_1")]) as store, store.write() as writer:
        (found,) = writer.calls_that_gave(["msg_1", "msg_9"])
        assert (found["trace_id"], found["span_id"]) == (CALL.trace_id, CALL.span_id)
        assert writer.calls_that_gave([]) == []


def test_a_score_is_moved_to_its_answer_and_keeps_where_it_came_from() -> None:
    """Our own scores stand where they were made: they are not looked at."""
    sent = score_row(SENT_WITH, "helpful", 1.0, source="external", metadata=_naming("msg_1"))
    ours = score_row(SENT_WITH, "helpful", 0.0, source="online", metadata=_naming("msg_1"))
    with temporary_store([CALL, SENT_WITH], scores=[sent, ours]) as store, store.write() as writer:
        (named,) = writer.scores_naming(["msg_1"])
        assert (named["score_id"], named["answer"], named["emitted"]) == (sent.score_id, "msg_1", None)
        writer.move_scores({sent.score_id: ((CALL.trace_id, CALL.span_id), SENT_WITH.trace_id)})
        (moved,) = writer.scores_naming(["msg_1"])
    assert (moved["trace_id"], moved["span_id"]) == (CALL.trace_id, CALL.span_id)
    assert moved["emitted"] == SENT_WITH.trace_id
