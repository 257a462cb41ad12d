"""Defining a scorer: names, thresholds, and what is refused at once."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest
from autoevals import Levenshtein
from pydantic_evals.evaluators import EqualsExpected

from otel_i2e.errors import ScorerError
from otel_i2e.models import Document, Subject
from otel_i2e.score import run_scorer, scorer
from otel_i2e.testing import llm_span


@scorer
def polite(output: str) -> bool:
    """Whether it says please.

    More words.
    """
    return "please" in output


@scorer(threshold=0.5, name="short-enough")
async def short(output: str, documents: list[Document] | None = None) -> float:
    """Shorter is better."""
    return 1 / (1 + len(output) + len(documents or []))


def test_a_scorer_tells_what_it_is() -> None:
    """Name, threshold, needs, description and place come from the function and the decorator."""
    assert (polite.name, polite.threshold, polite.needs, polite.needs_judge) == ("polite", None, {"output"}, False)
    assert polite.description == "Whether it says please."
    file, _, line = polite.source.rpartition(":")
    assert (file, line.isdigit()) == (__file__, True)
    assert (short.name, short.threshold) == ("short-enough", 0.5)
    assert (short.required, short.optional) == ({"output"}, {"documents"})


def test_a_scorer_is_still_the_function() -> None:
    """A unit test calls it as it was written."""
    assert polite("please do")
    assert not polite(output="do")


def test_the_trace_is_asked_for_only_when_it_is_needed() -> None:
    """Documents, tool calls, usage and the trace itself lie in other spans."""
    assert not polite.needs_trace
    for needs in ("trace", "tool_calls", "documents", "usage"):
        assert scorer(name="x")(_function(needs)).needs_trace


def test_a_decorated_function_is_given_its_value_by_name() -> None:
    """Its decorator may take nothing else, whatever the function inside would take."""

    def inner(output: str) -> bool:
        return "please" in output

    @functools.wraps(inner)
    def by_name(**given: Any) -> bool:
        return inner(**given)

    made = asyncio.run(run_scorer(scorer(by_name), Subject(span=llm_span("q", "please"))))
    assert (made.error, made.passed) == (None, True)


def test_a_partial_is_a_scorer_when_it_is_named() -> None:
    """Anything callable whose parameters can be read will do."""

    def longer(output: str, duration_ms: float) -> bool:
        return len(output) > duration_ms

    three = scorer(name="longer")(functools.partial(longer, duration_ms=3))
    four = scorer(name="longer")(functools.partial(longer, duration_ms=4))
    assert three.needs == {"output"}
    assert three.version != four.version
    assert three.definition.parameters["duration_ms"] == 3
    assert three.source.startswith(__file__)
    made = asyncio.run(run_scorer(three, Subject(span=llm_span(output="Yes."))))
    assert made.passed is True


class _Longer:
    """Whether it is longer."""

    def __init__(self, least: int) -> None:
        self.least = least

    def __call__(self, output: str) -> bool:
        return len(output) > self.least

    async def waits(self, output: str) -> bool:
        return self(output)


class _Later:
    async def __call__(self, output: str) -> bool:
        return "please" in output


def test_an_object_that_can_be_called_is_a_scorer() -> None:
    """Also an async one, and a method; what the object holds is part of its version."""
    three, four = (scorer(name="longer")(_Longer(least)) for least in (3, 4))
    assert three.version != four.version
    assert three.version == scorer(name="longer")(_Longer(3)).version
    assert "def __call__" in three.definition.text
    span = llm_span(output="Yes.")
    made = [
        asyncio.run(run_scorer(one, Subject(span=span))).passed
        for one in (three, four, scorer(_Longer(3).waits), scorer(name="later")(_Later()))
    ]
    assert made == [True, False, True, False]


def test_an_evaluator_of_a_known_library_is_a_scorer() -> None:
    """Told by its shape; with the name and threshold that are given."""
    made = scorer(name="near", threshold=0.5)(Levenshtein())
    assert (made.name, made.threshold, made.source) == ("near", 0.5, "autoevals Levenshtein")
    assert scorer(name="same")(EqualsExpected()).source == "pydantic-evals EqualsExpected"


def _function(parameters: str) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(f"def check({parameters}): return True", space)  # the parameter's name is the test's input
    return space["check"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("outputs", "asks for 'outputs'; did you mean 'output'?"),
        ("answer", "asks for 'answer'; a scorer takes parameters named input, messages, output"),
        ("output, limit=3", "asks for 'limit'"),
        ("output, *rest", "takes *rest"),
        ("output, **rest", "takes **rest"),
        ("output, /", "takes 'output' by position only"),
        ("", "asks for nothing"),
    ],
)
def test_parameters_that_nobody_can_fill_are_refused_at_definition(parameters: str, said: str) -> None:
    """One line that names the place, the scorer, the parameter and the names that there are."""
    with pytest.raises(ScorerError) as caught:
        scorer(_function(parameters))
    assert said in str(caught.value)
    assert str(caught.value).startswith("<string>:1: scorer 'check'")
    assert "\n" not in str(caught.value)


def test_what_is_no_function_and_what_has_no_name_is_refused() -> None:
    """`@scorer("name")` and a lambda."""
    with pytest.raises(ScorerError, match="was given 'name'"):
        scorer("name")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType] -- the mistake under test
    nameless: Callable[[str], bool] = lambda output: output > "a"  # noqa: E731 -- a lambda is what is tested
    with pytest.raises(ScorerError, match="without a name"):
        scorer(nameless)
    assert scorer(name="some")(nameless).name == "some"


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_is_a_finite_number(threshold: float) -> None:
    """Nothing reaches infinity, everything fails against NaN."""
    with pytest.raises(ScorerError, match="not a finite number"):
        scorer(threshold=threshold)(_function("output"))
