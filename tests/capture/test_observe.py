"""`@observe`: every kind of function works as before, and is recorded."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.context import current_trace_id
from otel_i2e.capture.observe import observe


@pytest.fixture(autouse=True)
def current(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's provider is the global one."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)


def _io(span: Any) -> tuple[Any, Any]:
    return span.attributes.get("input.value"), span.attributes.get("output.value")


def test_arguments_go_by_parameter_name_with_defaults(recorded: Callable[..., list[Any]]) -> None:
    """With and without parentheses; the result is the output."""

    @observe
    def add(a: int, b: int = 2, *rest: int, flag: bool = False, **more: Any) -> int:
        """Adds."""
        return a + b

    @observe(name="named", kind="tool", capture_output=False)
    def quiet(text: str) -> str:
        return text

    @observe(capture_input=False)
    def blind(secret: str) -> str:
        return "done"

    assert (add(1), add(1, 5, 6, flag=True, x=1), quiet("hi"), blind("s")) == (3, 6, "hi", "done")
    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    one, two, three, four = recorded()
    assert json.loads(one.attributes["input.value"]) == {"a": 1, "b": 2, "rest": [], "flag": False, "more": {}}
    assert json.loads(two.attributes["input.value"]) == {"a": 1, "b": 5, "rest": [6], "flag": True, "more": {"x": 1}}
    assert (one.name, one.attributes["i2e.span.kind"], one.attributes["output.value"]) == ("add", "chain", "3")
    assert (three.name, three.attributes["i2e.span.kind"], _io(three)) == ("named", "tool", ('{"text": "hi"}', None))
    assert _io(four) == (None, "done")


def test_calls_nest(recorded: Callable[..., list[Any]]) -> None:
    """The inner call is a child of the outer one."""

    @observe
    def inner() -> str | None:
        return current_trace_id()

    @observe
    def outer() -> str | None:
        return inner()

    trace_id = outer()
    child, parent = recorded()
    assert (child.parent_span_id, child.trace_id, parent.trace_id) == (parent.span_id, trace_id, trace_id)


def test_a_single_text_is_the_input_itself(recorded: Callable[..., list[Any]]) -> None:
    """So is what a scorer sees online what the case has; a tool's arguments stay an object, and so do several."""

    @observe(kind="agent")
    def answer(question: str) -> str:
        return question

    @observe(kind="tool")
    def order_status(order: str) -> str:
        return order

    @observe
    def toned(question: str, tone: str = "warm") -> str:
        return question + tone

    assert answer("May I?")
    order_status("A-1")
    toned("May I?")
    inputs = [(span.attributes["input.value"], span.attributes["input.mime_type"]) for span in recorded()]
    assert inputs[0] == ("May I?", "text/plain")
    assert json.loads(inputs[1][0]) == {"order": "A-1"}
    assert json.loads(inputs[2][0]) == {"question": "May I?", "tone": "warm"}


def test_methods_leave_their_object_out(recorded: Callable[..., list[Any]]) -> None:
    """Plain, static and class methods, decorated in either order."""

    class Agent:
        @observe
        def plain(self, q: str) -> str:
            return q

        @observe
        @staticmethod
        def static(q: str) -> str:
            return q

        @classmethod
        @observe
        def of_class(cls, q: str) -> str:
            return q

        @observe
        @classmethod
        def outside(cls, q: str) -> str:
            return q

    agent = Agent()
    assert [agent.plain("1"), agent.static("2"), Agent.static("3"), agent.of_class("4"), Agent.outside("5")] == list(
        "12345"
    )
    assert [span.attributes["input.value"] for span in recorded()] == list("12345")


def test_coroutines_stay_coroutines(recorded: Callable[..., list[Any]]) -> None:
    """The span lasts as long as the work, also when several run at once."""

    @observe
    async def work(n: int) -> int:
        await asyncio.sleep(0)
        trace.get_current_span().set_attribute("n", n)
        return n * 2

    async def both() -> list[int]:
        return list(await asyncio.gather(work(1), work(2)))

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(both()) == [2, 4]
    assert sorted((span.attributes["n"], span.attributes["output.value"]) for span in recorded()) == [
        (1, "2"),
        (2, "4"),
    ]


def test_an_exception_is_recorded_and_goes_on(recorded: Callable[..., list[Any]]) -> None:
    """From a function, a coroutine, a generator and an async generator."""

    @observe
    def plain() -> None:
        raise KeyError("plain")

    @observe
    async def coroutine() -> None:
        raise KeyError("coroutine")

    @observe
    def generator() -> Generator[int]:
        yield 1
        raise KeyError("generator")

    @observe
    async def async_generator() -> AsyncIterator[int]:
        yield 1
        raise KeyError("async_generator")

    async def exhaust() -> None:
        async for _ in async_generator():
            pass

    for call in (plain, lambda: asyncio.run(coroutine()), lambda: list(generator()), lambda: asyncio.run(exhaust())):
        with pytest.raises(KeyError):
            call()
    spans = recorded()
    assert [span.status for span in spans] == ["error"] * 4
    assert [[name for name, _ in span.events] for span in spans] == [["exception"]] * 4
    assert [span.events[0][1]["exception.message"] for span in spans] == [f"'{span.name}'" for span in spans]


def test_a_generator_is_one_span_and_its_items_the_output(recorded: Callable[..., list[Any]]) -> None:
    """Text is joined, other items are a list; the span is current while the generator works, not while it rests."""

    @observe(kind="llm")
    def words(n: int) -> Generator[str]:
        for i in range(n):
            trace.get_current_span().add_event("made")
            yield f"w{i} "

    @observe
    def numbers() -> Generator[int]:
        yield from (1, 2)

    outside = trace.get_current_span()
    for _ in words(2):
        assert trace.get_current_span() is outside
    assert list(numbers()) == [1, 2]
    first, second = recorded()
    assert (_io(first), len(first.events)) == (('{"n": 2}', "w0 w1 "), 2)
    assert second.attributes["output.value"] == "[1, 2]"


def test_a_generator_that_is_left_ends_its_span_with_what_it_gave(recorded: Callable[..., list[Any]]) -> None:
    """Also when it is never started: then there is no span."""
    closed: list[str] = []

    @observe
    def words() -> Generator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append("yes")

    words()
    for _ in words():
        break
    [span] = recorded()
    assert (span.attributes["output.value"], span.status, closed) == ("a", "unset", ["yes"])


def test_send_throw_and_return_reach_the_generator(recorded: Callable[..., list[Any]]) -> None:
    """It behaves as if it were not observed."""

    @observe
    def echo() -> Generator[str, str, str]:
        got = yield "ready"
        while True:
            try:
                got = yield got.upper()
            except ValueError:
                return "returned"

    generator = echo()
    assert next(generator) == "ready"
    assert generator.send("a") == "A"
    with pytest.raises(StopIteration, match="returned"):
        generator.throw(ValueError())
    assert recorded()[0].status == "unset"


def test_an_async_generator_is_one_span_too(recorded: Callable[..., list[Any]]) -> None:
    """Read to the end, and left early with aclose; asend works."""
    closed: list[str] = []

    @observe
    async def words() -> AsyncGenerator[str, str | None]:
        try:
            got = yield "a"
            yield got or "b"
        finally:
            closed.append("yes")

    async def use() -> list[str]:
        whole = [word async for word in words()]
        sent = words()
        await anext(sent)
        whole.append(await sent.asend("c"))
        await sent.aclose()
        return whole

    assert asyncio.run(use()) == ["a", "b", "c"]
    assert [span.attributes["output.value"] for span in recorded()] == ["ab", "ac"]
    assert closed == ["yes", "yes"]


def test_a_wrong_call_fails_as_ever(recorded: Callable[..., list[Any]]) -> None:
    """The function's own TypeError, not one of ours."""

    @observe
    def one(a: int) -> int:
        return a

    with pytest.raises(TypeError, match="one\\(\\) missing 1 required positional argument"):
        one()  # pyright: ignore[reportCallIssue] -- on purpose


def test_arguments_that_cannot_be_shown_do_no_harm(recorded: Callable[..., list[Any]]) -> None:
    """The call goes on, and the span says what it can."""

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    @observe
    def take(thing: Any) -> Any:
        return thing

    take(Hostile())
    assert json.loads(recorded()[0].attributes["input.value"]) == {"thing": "<Hostile>"}


def test_nothing_happens_when_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function runs as if it were not decorated."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)

    @observe
    def words() -> Generator[str]:
        yield "a"

    assert list(words()) == ["a"]
    assert current_trace_id() is None
