"""Running a scorer: what it returns becomes a score, and nothing that goes wrong becomes one."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from otel_i2e.errors import JudgeError
from otel_i2e.models import Attempt, Case, Definition, Document, Outcome, Score, Subject
from otel_i2e.score import Scorer, run_scorer, scorer
from otel_i2e.testing import agent_span, llm_span, retrieval_span, tool_span, trace_of

Try = Callable[..., Attempt]


def returning(value: Any, *, threshold: float | None = None) -> Any:
    """A scorer that returns `value`."""

    @scorer(threshold=threshold)
    def fixed(output: str) -> Any:
        return value

    return fixed


class Scalar:
    """What numpy and torch give for one number."""

    def __init__(self, *, value: Any) -> None:
        self._value = value

    def item(self) -> Any:
        """The number as Python's."""
        return self._value


@pytest.mark.parametrize(
    ("value", "threshold", "score", "passed"),
    [
        (True, None, 1.0, True),
        (False, None, 0.0, False),
        (Scalar(value=True), None, 1.0, True),
        (True, 2.0, 1.0, False),
        (True, 0.0, 1.0, True),
        (False, 0.0, 0.0, False),
        (False, -1.0, 0.0, False),
        ({"value": False}, 0.0, 0.0, False),
        (0.0, 0.0, 0.0, True),
        (0.7, None, 0.7, None),
        (0.7, 0.7, 0.7, True),
        (Scalar(value=0.25), 0.7, 0.25, False),
        (3, 4, 3.0, False),
        (-1, None, -1.0, None),
        (Score(value=0.5, label="meh"), 0.6, 0.5, False),
        (Score(value=0.5), None, 0.5, None),
        ({"value": 0.5, "explanation": "so"}, 0.5, 0.5, True),
    ],
)
def test_values_pass_at_the_threshold(
    attempt: Try, value: Any, threshold: float | None, score: float, passed: bool | None
) -> None:
    """A bool passes at 1; a number without a threshold neither passes nor fails."""
    tried = attempt(returning(value, threshold=threshold))
    assert tried.outcome is Outcome.SCORED
    assert tried.score is not None
    assert (tried.score.value, tried.passed) == (score, passed)
    assert tried.duration_ms is not None


@pytest.mark.parametrize(("value", "passes"), [(True, True), (False, False), (0.0, None)])
def test_a_bool_in_a_mapping_is_a_verdict(attempt: Try, value: float, passes: bool | None) -> None:
    """As a bool alone is; a number still only measures."""
    tried = attempt(returning({"value": value, "explanation": "because"}))
    assert (tried.outcome, tried.passed) == (Outcome.SCORED, passes)


def test_a_label_is_a_score_without_value(attempt: Try) -> None:
    """Text is a label; it neither passes nor fails."""
    tried = attempt(returning("hallucination"))
    assert tried.score == Score(label="hallucination")
    assert tried.passed is None


def test_none_is_not_applicable(attempt: Try) -> None:
    """No score, no error."""
    tried = attempt(returning(None))
    assert (tried.outcome, tried.score, tried.passed, tried.error) == (Outcome.NOT_APPLICABLE, None, None, None)


@pytest.mark.parametrize(
    ("value", "threshold", "said"),
    [
        (math.nan, None, "nan; a score is a finite number"),
        (math.inf, 1.0, "inf; a score is a finite number"),
        (Score(value=-math.inf), None, "finite number"),
        (Score(), None, "neither value nor label"),
        (Score(explanation="because"), None, "neither value nor label"),
        ("", None, "neither value nor label"),
        ("bad", 1.0, "threshold 1 but returned the label 'bad' and no value"),
        ([1.0], None, "it returned list; a scorer returns a bool, a number"),
        (object(), None, "it returned object"),
        (Decimal("NaN"), None, "it returned Decimal"),
        ({"value": "high"}, None, "no Score: value: "),
        ({"score": 1.0}, None, "no Score: score: Extra inputs"),
    ],
)
def test_what_is_no_score_is_an_error(attempt: Try, value: Any, threshold: float | None, said: str) -> None:
    """It never passes, never fails, and is one line."""
    tried = attempt(returning(value, threshold=threshold))
    assert (tried.outcome, tried.score, tried.passed) == (Outcome.ERROR, None, None)
    assert said in (tried.error or "")


def test_an_exception_is_an_error_with_its_place(attempt: Try) -> None:
    """The type, the message on one line, and the line of the scorer's own file."""

    @scorer
    def broken(output: str) -> bool:
        return {"a": True}["line one\nline two"]

    tried = attempt(broken)
    assert (tried.outcome, tried.passed) == (Outcome.ERROR, None)
    line = int(broken.source.rpartition(":")[2]) + 2
    assert tried.error == f"KeyError: 'line one\\nline two' ({__file__}:{line})"


class Foreign(BaseException):
    """What some libraries raise past every `except Exception`."""


_ERRORS = [RecursionError(), AssertionError("a\nb"), SystemExit(3), StopIteration(), asyncio.CancelledError()]


@pytest.mark.parametrize("error", [*_ERRORS, GeneratorExit(), KeyboardInterrupt(), Foreign("a\nb")])
def test_no_exception_gets_out(attempt: Try, error: BaseException) -> None:
    """Not even an exit; what a scorer raises stays with its attempt."""

    @scorer
    async def broken(output: str) -> bool:
        raise error

    @scorer
    def broken_at_once(output: str) -> bool:
        raise error

    for tried in (attempt(broken), attempt(broken_at_once)):
        assert tried.outcome is Outcome.ERROR
        assert "\n" not in (tried.error or "\n")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit])
def test_an_end_that_a_plain_function_raises_is_its_error(attempt: Try, kind: type[BaseException]) -> None:
    """It runs in a thread: no Ctrl-C arrives there, and no coroutine is closed."""

    @scorer
    def ending(output: str) -> bool:
        raise kind

    line = int(ending.source.rpartition(":")[2]) + 2
    assert attempt(ending).error == f"{kind.__name__}: ({__file__}:{line})"


def test_cancelling_is_not_swallowed() -> None:
    """Ctrl-C and a deadline of the caller still end a run."""
    reached = asyncio.Event()

    @scorer
    async def waiting(output: str) -> bool:
        reached.set()
        await asyncio.Event().wait()
        return True

    async def cancelled() -> None:
        task = asyncio.create_task(run_scorer(waiting, Subject(span=llm_span())))
        await reached.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own handler of SIGINT, whatever ran in this process before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_run() -> None:
    """The first one cancels what runs; that a scorer raises the like by itself does not."""

    @scorer
    async def interrupted(output: str) -> bool:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()
        return True

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run_scorer(interrupted, Subject(span=llm_span())))


def test_a_judge_that_never_answers_is_given_up(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its own timeouts; should they fail, it cannot stop the others for good."""
    monkeypatch.setattr(sys.modules["otel_i2e.score.run"], "_LONGEST", 0.01)

    async def ask(*_: Any) -> bool:
        await asyncio.Event().wait()
        return True

    hanging = Scorer(name="j", threshold=None, required=frozenset(), ask=ask, identity=lambda: Definition(version="1"))
    assert attempt(hanging).error == "no result within 0.01 s"


def test_arguments_are_chosen_by_name(attempt: Try) -> None:
    """Every parameter is the subject's attribute of that name, the trace as a list."""
    seen: dict[str, Any] = {}

    @scorer
    def everything(  # noqa: PLR0917 -- all that there are
        input: Any, messages: Any, output: Any, expected: Any, documents: Any, tool_calls: Any, span: Any, trace: Any,
        case: Any, metadata: Any, usage: Any, duration_ms: Any,
    ) -> bool:  # fmt: skip
        seen.update(locals())
        return True

    root = agent_span("q", "a", input_messages=[{"role": "user", "parts": []}])
    spans = trace_of(root, retrieval_span("q", ["Returns: 30 days."]), tool_span("look", {"id": 1}), llm_span())
    case = Case(id="c", input="asked", expected="e", metadata={"k": 1})
    assert attempt(everything, trace=spans, case=case).passed is True
    assert (seen["input"], seen["output"], seen["expected"]) == ("asked", "a", "e")
    assert seen["documents"] == [Document(id="doc-1", content="Returns: 30 days.")]
    assert [call.name for call in seen["tool_calls"]] == ["look"]
    assert (seen["trace"], seen["span"], seen["case"]) == (list(spans), spans[0], case)
    assert (seen["metadata"], seen["usage"].input_tokens, seen["duration_ms"]) == ({"k": 1}, 100, 1000.0)


def test_cut_content_is_noted_on_the_score(attempt: Try) -> None:
    """A score of a text that was cut says so; one that did not read the text does not."""

    @scorer
    def timed(duration_ms: float) -> bool:
        return duration_ms < 5000

    cut = attempt(returning(value=0.5), content_state="truncated").score
    assert cut is not None
    assert cut.metadata == {"content": "truncated"}
    untouched = attempt(timed, content_state="truncated").score
    assert untouched is not None
    assert untouched.metadata == {}


def test_a_judge_error_keeps_what_it_cost(attempt: Try) -> None:
    """An answer that was no verdict has been paid for all the same."""

    @scorer
    async def asks(output: str) -> bool:
        raise JudgeError("cut off", model="claude-x", cost_usd=0.01)

    tried = attempt(asks)
    assert (tried.outcome, tried.model, tried.cost_usd, tried.error) == (Outcome.ERROR, "claude-x", 0.01, "cut off")
