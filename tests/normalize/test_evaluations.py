"""Evaluation results as scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.normalize import RawEvent, RawLog, RawSpan, evaluation_refusal, event_scores, scores_of

RawLogOf = Callable[..., RawLog]
EVENT = "gen_ai.evaluation.result"
THUMB = {"gen_ai.evaluation.name": "feedback", "gen_ai.evaluation.score.value": 0.0}


def test_feedback_becomes_a_score_of_its_trace(raw_log: RawLogOf) -> None:
    """Name, value, label, explanation, source and id; without a span it is of the whole trace."""
    log = raw_log(
        EVENT,
        {
            **THUMB,
            "gen_ai.evaluation.score.label": "thumbs_down",
            "gen_ai.evaluation.explanation": "wrong",
            "i2e.score.source": "user",
            "i2e.score.id": "s1",
            "gen_ai.response.id": "r1",
        },
        span_id="0" * 16,
    )
    (score,) = scores_of([log])
    assert (score.score_id, score.trace_id, score.span_id) == ("s1", log.trace_id, None)
    assert (score.name, score.value, score.label, score.explanation) == ("feedback", 0.0, "thumbs_down", "wrong")
    assert (score.source, score.metadata) == ("user", {"gen_ai.response.id": "r1"})
    assert score.created_at.timestamp() == pytest.approx(log.time_ns / 1e9)


def test_another_s_score_has_a_derived_id(raw_log: RawLogOf) -> None:
    """The same record twice is one score; another value is another."""
    first, again = scores_of([raw_log(EVENT, THUMB), raw_log(EVENT, THUMB)])
    (other,) = scores_of([raw_log(EVENT, {**THUMB, "gen_ai.evaluation.score.value": 1})])
    assert first.score_id == again.score_id != other.score_id
    assert (first.source, first.span_id) == ("external", "b7ad6b7169203331")


def test_a_score_may_stand_in_the_body(raw_log: RawLogOf) -> None:
    """Older emitters put the fields there."""
    (score,) = scores_of([raw_log(EVENT, {}, body=THUMB)])
    assert score.name == "feedback"


def test_a_span_event_is_a_score_of_its_span(raw_span: Callable[..., RawSpan], event: Callable[..., RawEvent]) -> None:
    """As OpenInference and others send them."""
    span = raw_span({}, events=[event(EVENT, THUMB), event("other", THUMB)])
    (score,) = event_scores([span])
    assert (score.trace_id, score.span_id, score.name) == (span.trace_id, span.span_id, "feedback")


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"gen_ai.evaluation.name": "x"}},
        {"attributes": {"gen_ai.evaluation.score.value": 1}},
        {"attributes": {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.score.value": "NaN"}},
        {"attributes": {"gen_ai.evaluation.name": "x", "gen_ai.evaluation.score.value": True}},
        {"attributes": THUMB, "trace_id": ""},
        {"attributes": THUMB, "event_name": "gen_ai.choice"},
    ],
)
def test_what_is_no_score_is_left_out(raw_log: RawLogOf, fields: dict[str, Any]) -> None:
    """No name, neither value nor label, no trace, or another event."""
    assert scores_of([raw_log(**{"event_name": EVENT, **fields})]) == []


@pytest.mark.parametrize("time_ns", [0, 2**64 - 1])
def test_a_wrong_clock_is_no_error(raw_log: RawLogOf, time_ns: int) -> None:
    """Every time that OTLP can say is a date."""
    assert len(scores_of([raw_log(EVENT, THUMB, time_ns=time_ns)])) == 1


def test_feedback_in_attributes_is_a_score_of_the_span_or_of_the_trace(raw_span: Callable[..., RawSpan]) -> None:
    """As OpenInference has it: each with its annotator, in the order of their numbers."""
    span = raw_span(
        {
            "evaluations.0.evaluation.name": "grounded",
            "evaluations.0.evaluation.score": 0.25,
            "evaluations.0.evaluation.label": "hardly",
            "evaluations.0.evaluation.explanation": "no source",
            "evaluations.0.evaluation.annotator_kind": "LLM",
            "evaluations.0.evaluation.metadata": '{"model": "m"}',
            "evaluations.1.evaluation.name": "polite",
            "evaluations.1.evaluation.label": "yes",
            "trace.annotations.0.annotation.name": "thumb",
            "trace.annotations.0.annotation.score": 0,
            "session.id": "s",
            "annotations.0.annotation.name": "neither value nor label",
        }
    )
    grounded, polite, thumb = event_scores([span])
    assert (grounded.span_id, grounded.value, grounded.label, grounded.source) == (
        span.span_id,
        0.25,
        "hardly",
        "external",
    )
    assert (grounded.explanation, grounded.metadata) == ("no source", {"annotator_kind": "LLM", "model": "m"})
    assert (polite.name, polite.value, polite.label) == ("polite", None, "yes")
    assert (thumb.trace_id, thumb.span_id, thumb.value) == (span.trace_id, None, 0.0)


@pytest.mark.parametrize(
    ("fields", "trace_id", "reason"),
    [
        (THUMB, "a" * 32, None),
        ({**THUMB, "gen_ai.response.id": "r"}, "", None),
        (THUMB, "", "neither trace id nor response id"),
        ({"gen_ai.evaluation.score.value": 1}, "a" * 32, "no name"),
        ({"gen_ai.evaluation.name": "n"}, "a" * 32, "neither value nor label"),
        ({"gen_ai.evaluation.name": "n", "error.type": "Timeout"}, "a" * 32, "it failed"),
    ],
)
def test_what_is_no_score_says_why(
    raw_log: RawLogOf, fields: dict[str, Any], trace_id: str, reason: str | None
) -> None:
    """One that names an answer needs no trace."""
    assert evaluation_refusal(raw_log(EVENT, fields, trace_id=trace_id)) == reason
