"""Marks in the context: conversations, prompts, and what an experiment adds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

from otel_i2e import semconv
from otel_i2e.capture.context import conversation, current_trace_id, marks_in, use_prompt, with_attributes


def test_a_conversation_marks_its_spans(provider: TracerProvider, recorded: Callable[..., list[Any]]) -> None:
    """Id and user; the user may be left out."""
    tracer = provider.get_tracer("test")
    with conversation("c1", user="u1"):
        tracer.start_span("a").end()
    with conversation("c2"):
        tracer.start_span("b").end()
    assert [span.attributes for span in recorded()] == [
        {"gen_ai.conversation.id": "c1", "user.id": "u1"},
        {"gen_ai.conversation.id": "c2"},
    ]


def test_a_prompt_marks_its_spans_with_its_variables() -> None:
    """Version as text; a variable that is no plain value as JSON."""
    with use_prompt("support", 7, {"name": "Ada", "n": 3, "items": [1, {"a": None}]}):
        assert marks_in(None) == {
            semconv.PROMPT_NAME: "support",
            semconv.PROMPT_VERSION: "7",
            "gen_ai.prompt.variable.name": "Ada",
            "gen_ai.prompt.variable.n": 3,
            "gen_ai.prompt.variable.items": '[1, {"a": null}]',
        }
    assert marks_in(None) == {}


def test_tasks_do_not_see_each_others_marks() -> None:
    """Two conversations at once stay apart, and an inner mark ends with its block."""

    async def visit(name: str, seen: list[Any]) -> None:
        with conversation(name):
            await asyncio.sleep(0)
            with with_attributes({"x": name}):
                await asyncio.sleep(0)
            seen.append(dict(marks_in(None)))

    async def both() -> list[Any]:
        seen: list[Any] = []
        await asyncio.gather(visit("a", seen), visit("b", seen))
        return seen

    assert asyncio.run(both()) == [{"gen_ai.conversation.id": "a"}, {"gen_ai.conversation.id": "b"}]


def test_current_trace_id_is_that_of_the_span_around(provider: TracerProvider) -> None:
    """32 hex digits inside a span, None outside."""
    assert current_trace_id() is None
    with provider.get_tracer("test").start_as_current_span("a") as span:
        assert current_trace_id() == f"{span.get_span_context().trace_id:032x}"
