"""What model calls asked of tools, and which answer is whose."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Span, ToolCall
from otel_i2e.models.asked import asked_for, response_of
from otel_i2e.testing import llm_span


def _call(*asked: ToolCall, told: tuple[tuple[str, str], ...] = ()) -> Span:
    answers = [{"type": "tool_call_response", "id": name, "response": response} for name, response in told]
    return llm_span(tool_calls=asked, input_messages=[{"role": "tool", "parts": answers}])


def _ask(name: str | None, **arguments: Any) -> ToolCall:
    return ToolCall(id=name, name="find", arguments=arguments)


def _answers(*calls: Span) -> list[Any]:
    return [None if one.answer is None else response_of(one.answer) for one in asked_for(calls, ())]


def test_the_next_call_was_told_the_answer() -> None:
    """By the id of the request; one that nobody answered has none."""
    calls = _call(_ask("a", q=1), _ask("b", q=2)), _call(told=(("a", "one"),))
    assert _answers(*calls) == ["one", None]


def test_an_id_may_come_again_in_another_answer() -> None:
    """Servers number the calls of each answer: every request has the answer in its turn."""
    calls = (
        _call(_ask("1", q=1)),
        _call(_ask("1", q=2), told=(("1", "one"),)),
        _call(told=(("1", "one"), ("1", "two"))),
    )
    assert _answers(*calls) == ["one", "two"]


def test_a_request_that_a_history_repeats_is_one() -> None:
    """The same id and arguments, before anything came back."""
    assert len(asked_for([_call(_ask("a", q=1)), _call(_ask("a", q=1))], ())) == 1
    assert len(asked_for([_call(_ask("a", q=1)), _call(_ask("a", q=2))], ())) == 2


def test_a_request_without_an_id_is_always_one_of_its_own() -> None:
    """Nothing says that it is another's."""
    assert _answers(_call(_ask(None, q=1)), _call(_ask(None, q=1))) == [None, None]


def test_a_later_turn_may_have_been_told() -> None:
    """What the calls of this trace were not."""
    later = [[_call(told=(("a", "late"),))]]
    (asked,) = asked_for([_call(_ask("a", q=1))], (), later)
    assert asked.answer is not None
    assert response_of(asked.answer) == "late"
