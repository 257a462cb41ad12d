"""A scorer that hangs: given up, an error, and after a few times no longer called."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import logging
import threading
import time
from collections.abc import Iterator

import pytest

from otel_i2e.models import Attempt, Outcome, Subject
from otel_i2e.score import Scorer, run_functions, run_scorer, scorer, standalone, time_limit
from otel_i2e.score.time_limit import SUSPENDED_AFTER, TURN, is_suspended, too_late
from otel_i2e.testing import llm_span

_numbers = itertools.count()


def tried(one: Scorer, timeout: float = 0.02) -> Attempt:
    """One attempt on a span."""
    return asyncio.run(run_scorer(one, Subject(span=llm_span(output="Yes.")), timeout=timeout))


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets the threads go that a test left behind."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def hanging(release: threading.Event) -> Scorer:
    """A plain function that does not come back; a name of its own, as the process counts by name."""

    @scorer(name=f"hanging{next(_numbers)}")
    def hang(output: str) -> bool:
        return release.wait()

    return hang


def test_a_plain_scorer_that_takes_too_long_is_an_error(hanging: Scorer) -> None:
    """Neither pass nor fail, with the limit and the setting that changes it."""
    made = tried(hanging)
    assert made.outcome is Outcome.ERROR
    assert made.error == "took longer than 0.02 s; the setting scorer_timeout allows more"


def test_an_async_scorer_that_takes_too_long_is_cancelled() -> None:
    """It hears of it, and is the same error."""
    heard: list[bool] = []

    @scorer(name="slow async")
    async def slow(output: str) -> bool:
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append(True)
            raise

    assert (tried(slow).error or "").startswith("took longer than 0.02 s")
    assert heard == [True]


def test_it_is_called_again_after_a_while(hanging: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And left alone for twice as long when it hangs again; a few late calls within weeks suspend nothing."""
    now = time.monotonic()
    monkeypatch.setattr(time_limit, "monotonic", lambda: now)
    for _ in range(2 * SUSPENDED_AFTER):
        now += 700
        too_late(hanging, 0.02)
        assert not is_suspended(hanging)
    for pause in (600, 1200):
        now += 10_000
        for _ in range(SUSPENDED_AFTER):
            assert not is_suspended(hanging)
            too_late(hanging, 0.02)
        now += pause - 1
        assert is_suspended(hanging)
        now += 2
        assert not is_suspended(hanging)


def test_after_a_few_times_it_is_called_no_more(hanging: Scorer, caplog: pytest.LogCaptureFixture) -> None:
    """Said loudly once; from then on an attempt costs no time and no thread."""
    with caplog.at_level(logging.ERROR, "otel_i2e"):
        errors = [tried(hanging).error or "" for _ in range(SUSPENDED_AFTER)]
        before = threading.active_count()
        suspended = [tried(hanging).error for _ in range(2)]
    assert all(error.startswith("took longer") for error in errors)
    assert suspended == ["suspended in this process for 10 min: 3 calls took longer than 0.02 s"] * 2
    assert threading.active_count() <= before  # one that another test left behind may have ended
    (line,) = caplog.messages
    assert f"scorer {hanging.name} (" in line
    assert "test_time_limit.py:" in line
    assert "scorer_timeout" in line


def test_no_limit_waits() -> None:
    """Zero is no limit."""

    @scorer
    def slowly(output: str) -> bool:
        time.sleep(0.01)
        return True

    assert tried(slowly, timeout=0).passed is True


def test_what_a_scorer_raises_in_its_thread_is_told() -> None:
    """Errors, an exit, and a time limit of its own, which is not ours."""

    def raising(error: BaseException) -> Scorer:
        @scorer
        def broken(output: str) -> bool:
            raise error

        return broken

    errors = [tried(raising(error), 5).error or "" for error in (ValueError("no"), StopIteration(1), SystemExit(3))]
    assert [error.partition(" (")[0] for error in errors] == [
        "ValueError: no",
        "StopIteration: 1",
        "SystemExit: 3",
    ]
    assert (tried(raising(TimeoutError()), 5).error or "").startswith("TimeoutError")


def test_a_scorer_sees_the_context_of_who_asks() -> None:
    """Context variables reach the thread."""
    variable = contextvars.ContextVar("variable", default=0)

    @scorer
    def reads(output: str) -> float:
        return variable.get()

    variable.set(7)
    made = tried(reads, 5)
    assert made.score is not None
    assert made.score.value == 7


def spans(*outputs: str) -> list[Subject]:
    """Subjects with these outputs."""
    return [Subject(span=llm_span(output=output)) for output in outputs]


def test_functions_are_called_in_turn_and_a_call_that_hangs_ends_the_turn(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before it counts, it is an error, and what comes after it is not called, not even by its thread."""
    monkeypatch.setattr("otel_i2e.score.time_limit.TURN", 60)  # on a busy machine the first call may take a turn
    called: list[str] = []

    @scorer(name=f"hanging{next(_numbers)}")
    def hangs_at_b(output: str) -> bool:
        called.append(output)
        return output != "b" or release.wait()

    tries = [(hangs_at_b, subject) for subject in spans("a", "b", "c")]
    made = asyncio.run(run_functions(tries, timeout=0.5))
    assert [attempt.outcome for attempt in made] == [Outcome.SCORED, Outcome.ERROR]
    assert made[1].error == "took longer than 0.5 s; the setting scorer_timeout allows more"
    left = [thread for thread in threading.enumerate() if thread.name == "i2e-scorer"]
    release.set()
    rest = asyncio.run(run_functions(tries[2:], timeout=5))
    for thread in left:
        thread.join(0.2)  # the one that was left behind ends; others wait for more
    assert (called, [attempt.passed for attempt in rest]) == (["a", "b", "c"], [True])


def test_no_call_begins_when_the_time_is_over() -> None:
    """But one, so that something is done."""
    called: list[str] = []

    @scorer
    def notes(output: str) -> bool:
        called.append(output)
        return True

    made = asyncio.run(run_functions([(notes, subject) for subject in spans("a", "b")], until=time.monotonic()))
    assert (called, len(made)) == (["a"], 1)


def test_a_long_call_ends_the_turn() -> None:
    """The event loop hears of it before the next is made."""

    @scorer
    def slow(output: str) -> bool:
        time.sleep(TURN * 2)
        return True

    made = asyncio.run(run_functions([(slow, subject) for subject in spans("a", "b")], timeout=5))
    assert len(made) == 1


def test_a_plain_function_that_gives_something_to_await_ends_the_turn() -> None:
    """It is awaited, with the same limit, before another is called."""

    async def later() -> bool:
        await asyncio.sleep(0)
        return True

    @scorer(name=f"gives a coroutine{next(_numbers)}")
    def gives(output: str) -> object:
        return later() if output == "soon" else asyncio.Event().wait()

    soon = asyncio.run(run_functions([(gives, subject) for subject in spans("soon", "soon")]))
    assert [attempt.passed for attempt in soon] == [True]
    assert (tried(gives).error or "").startswith("took longer than 0.02 s")


def test_a_call_sees_nothing_of_the_context_of_the_one_before() -> None:
    """Each has a context of its own, though they share a thread."""
    variable = contextvars.ContextVar("variable", default=0)

    @scorer
    def counts(output: str) -> float:
        variable.set(variable.get() + 1)
        return variable.get()

    made: list[Attempt] = []
    tries = [(counts, subject) for subject in spans("a", "b")]
    while len(made) < len(tries):
        made += asyncio.run(run_functions(tries[len(made) :]))
    assert [attempt.score and attempt.score.value for attempt in made] == [1, 1]


def test_what_can_block() -> None:
    """Plain functions of the project; neither async ones nor built-in checks."""

    @scorer
    def plain(output: str) -> bool:
        return True

    @scorer
    async def waits(output: str) -> bool:
        return True

    built_in = standalone()[0]
    assert [one.blocks for one in (plain, waits, built_in)] == [True, False, False]
