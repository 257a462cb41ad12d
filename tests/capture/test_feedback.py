"""`feedback`: a user's opinion as an evaluation event on the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from opentelemetry._logs import _internal as logs_api

from otel_i2e.capture.feedback import feedback
from otel_i2e.capture.logs import OwnLoggerProvider
from otel_i2e.capture.recorder import Recorder

TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def current(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A logger provider of the test's own is the global one."""
    provider = OwnLoggerProvider(recorder)
    monkeypatch.setattr(logs_api, "_LOGGER_PROVIDER", provider)
    yield
    provider.shutdown()


def test_a_thumb_is_an_evaluation_of_the_trace(recorded: Callable[..., list[Any]]) -> None:
    """1 or 0 with its label, the comment, who said it, and an id."""
    up, down = feedback(TRACE, score=True, comment="nice"), feedback(str(UUID(TRACE)), score=False)
    first, second = recorded("logs")
    assert (first.name, first.trace_id, first.span_id, first.scope) == (
        "gen_ai.evaluation.result",
        TRACE,
        "",
        "otel_i2e",
    )
    assert first.attributes == {
        "gen_ai.evaluation.name": "feedback",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.score.label": "thumbs_up",
        "gen_ai.evaluation.explanation": "nice",
        "i2e.score.id": up,
        "i2e.score.source": "user",
    }
    assert (second.trace_id, second.attributes["gen_ai.evaluation.score.value"]) == (TRACE, 0.0)
    assert second.attributes["gen_ai.evaluation.score.label"] == "thumbs_down"
    assert up != down


def test_a_number_is_its_own_value_and_a_name_may_be_given(recorded: Callable[..., list[Any]]) -> None:
    """No label is made up for it."""
    feedback("0x" + TRACE, 0.25, name="stars")
    [one] = recorded("logs")
    assert one.attributes["gen_ai.evaluation.name"] == "stars"
    assert one.attributes["gen_ai.evaluation.score.value"] == 0.25
    assert "gen_ai.evaluation.score.label" not in one.attributes


@pytest.mark.parametrize(("trace_id", "score"), [("nonsense", True), (TRACE, "good"), (7, True), (TRACE, None)])
def test_what_is_no_feedback_is_said_and_ignored(trace_id: Any, score: Any, caplog: pytest.LogCaptureFixture) -> None:
    """One line with the values; nothing raised."""
    assert feedback(trace_id, score) is None
    [line] = caplog.messages
    assert repr(trace_id) in line
    assert repr(score) in line


def test_without_a_trace_nothing_happens(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """`current_trace_id()` gave None, or nothing is installed."""
    assert feedback(None, score=True) is None
    monkeypatch.setattr(logs_api, "_LOGGER_PROVIDER", None)
    assert feedback(TRACE, score=True) is not None
    assert caplog.messages == []
