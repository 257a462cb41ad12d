"""`span(...)`: a step of the application's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.span import span


@pytest.fixture(autouse=True)
def current(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's provider is the global one."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)


def test_a_step_has_its_kind_input_and_output(recorded: Callable[..., list[Any]]) -> None:
    """Text as it is, anything else as JSON, with the MIME type beside it."""
    with span("plan", kind="agent", input="why") as step:
        assert step.trace_id == f"{trace.get_current_span().get_span_context().trace_id:032x}"
        step.set_attribute("plain", 3)
        step.set_attribute("odd", {"a": 1})
        step.set_output({"steps": [1]})
    [one] = recorded()
    assert (one.name, one.scope, one.status) == ("plan", "otel_i2e", "unset")
    assert one.attributes == {
        "i2e.span.kind": "agent",
        "gen_ai.operation.name": "invoke_agent",
        "input.value": "why",
        "input.mime_type": "text/plain",
        "plain": 3,
        "odd": '{"a": 1}',
        "output.value": '{"steps": [1]}',
        "output.mime_type": "application/json",
    }


def test_a_tool_has_its_name_arguments_and_result(recorded: Callable[..., list[Any]]) -> None:
    """Under the names of the conventions too."""
    with span("look", kind="tool", input={"q": 1}, output="found"):
        pass
    [one] = recorded()
    assert one.attributes["gen_ai.operation.name"] == "execute_tool"
    assert one.attributes["gen_ai.tool.name"] == "look"
    assert json.loads(one.attributes["gen_ai.tool.call.arguments"]) == {"q": 1}
    assert one.attributes["gen_ai.tool.call.result"] == "found"


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("why", "why"),
        ({"query": "why", "k": "3"}, "why"),
        ({"text": "why", "k": 3}, "why"),
        ({"a": "x", "b": "y"}, None),
    ],
)
def test_a_retrieval_has_its_query(given: Any, query: str | None, recorded: Callable[..., list[Any]]) -> None:
    """The text itself, the argument of that name, or the only text there is."""
    with span("find", kind="retrieval", input=given):
        pass
    assert recorded()[0].attributes.get("gen_ai.retrieval.query.text") == query


def test_an_exception_is_recorded_and_goes_on(recorded: Callable[..., list[Any]]) -> None:
    """Type, message and status."""
    with pytest.raises(ZeroDivisionError), span("broken"):
        _ = 1 / 0
    [one] = recorded()
    assert (one.status, one.message) == ("error", "ZeroDivisionError: division by zero")
    assert one.events[0][1]["exception.type"] == "ZeroDivisionError"


def test_nothing_happens_when_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block runs; values are not even turned into text."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)

    class Costly:
        def __repr__(self) -> str:
            raise AssertionError("shown for nobody")

    with span("plan", input=Costly()) as step:
        step.set_input(Costly())
        step.set_output(Costly())
        step.set_attribute("a", Costly())
        step.record_error(ValueError("no"))
        assert step.trace_id == "0" * 32
