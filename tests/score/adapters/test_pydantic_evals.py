"""Evaluators of the real pydantic-evals as ours, and ours in its datasets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_evals import Case as TheirCase
from pydantic_evals import Dataset
from pydantic_evals.evaluators import (
    Contains,
    Equals,
    EqualsExpected,
    EvaluationReason,
    Evaluator,
    IsInstance,
    LLMJudge,
    MaxDuration,
)

from otel_i2e.models import Attempt, Case, Outcome, Subject
from otel_i2e.score import BUILT_IN, Scorer, run_scorer, scorer
from otel_i2e.score.adapters import from_pydantic_evals, to_pydantic_evals
from otel_i2e.testing import llm_span


def attempt(adapted: Scorer, output: str = "30 days") -> Attempt:
    """As an evaluation runs it."""
    case = Case(id="a", input="How long?", expected="30 days")
    return asyncio.run(run_scorer(adapted, Subject(span=llm_span("How long?", output), case=case)))


@dataclass
class Several(Evaluator[Any, Any, Any]):
    """Gives as many results as it is told to."""

    count: int

    def evaluate(self, ctx: Any) -> Any:
        """Results by name."""
        assert ctx.inputs
        return {str(n): n / 2 for n in range(self.count)}


@pytest.mark.parametrize(
    ("evaluator", "output", "passes"),
    [
        (Contains(value="30"), "30 days", True),
        (Contains(value="60"), "30 days", False),
        (EqualsExpected(), "30 days", True),
        (EqualsExpected(), "31 days", False),
    ],
)
def test_its_verdict_is_ours(evaluator: Any, output: str, passes: bool) -> None:
    """With its reason, at the threshold that is given."""
    made = attempt(from_pydantic_evals(evaluator, threshold=1.0), output)
    assert (made.outcome, made.passed) == (Outcome.SCORED, passes)


@pytest.mark.parametrize("reason", [None, "because"])
@pytest.mark.parametrize("verdict", [True, False])
def test_a_bool_is_a_verdict_with_a_reason_and_without(verdict: bool, reason: str | None) -> None:
    """No threshold is given: False fails, and its reason is the explanation."""

    @dataclass
    class Said(Evaluator[Any, Any, Any]):
        def evaluate(self, ctx: Any) -> EvaluationReason:
            assert ctx.output
            return EvaluationReason(value=verdict, reason=reason)

    made = attempt(from_pydantic_evals(Said()))
    assert (made.passed, made.score and made.score.explanation) == (verdict, reason)


def test_an_unknown_duration_is_an_error_and_a_known_one_a_verdict() -> None:
    """A span without an end did not take 0 seconds; who does not ask for the duration is not stopped."""
    open_span = llm_span("How long?", "30 days").model_copy(update={"duration_ms": None})
    closed = open_span.model_copy(update={"duration_ms": 500.0})
    limit = from_pydantic_evals(MaxDuration(seconds=1))
    unknown = asyncio.run(run_scorer(limit, Subject(span=open_span)))
    assert (unknown.outcome, unknown.passed) == (Outcome.ERROR, None)
    assert unknown.error == "it asks for the duration, and the span has no end time"
    assert asyncio.run(run_scorer(limit, Subject(span=closed))).passed is True
    other = from_pydantic_evals(Contains(value="30"))
    assert asyncio.run(run_scorer(other, Subject(span=open_span))).passed is True


def test_one_result_is_a_score_and_several_are_an_error() -> None:
    """None is not applicable."""
    assert attempt(from_pydantic_evals(Several(0))).outcome is Outcome.NOT_APPLICABLE
    one = attempt(from_pydantic_evals(Several(1)))
    assert one.score is not None
    assert one.score.value == 0.0
    assert "a scorer gives one" in (attempt(from_pydantic_evals(Several(2))).error or "")


def test_its_parameters_are_its_identity() -> None:
    """Another value is another scorer."""
    versions = {from_pydantic_evals(Contains(value=value)).version for value in ("30", "30", "60")}
    assert len(versions) == 2


def test_ours_runs_in_a_dataset_of_theirs() -> None:
    """Verdicts are assertions with our explanation, measures are scores, errors are failures, None is nothing."""

    @scorer
    def words(output: str) -> float:
        return len(output.split())

    @scorer
    def broken(output: str) -> bool:
        raise RuntimeError(output)

    @scorer
    def silent(output: str) -> None:
        assert output

    ours = [BUILT_IN["contains"]("30 days"), words, broken, silent]
    dataset: Any = Dataset(
        name="d",
        cases=[TheirCase(name="a", inputs="How long?", expected_output="30 days")],
        evaluators=[to_pydantic_evals(one) for one in ours],
    )

    async def task(_question: str) -> str:
        return "30 days."

    (case,) = asyncio.run(dataset.evaluate(task, progress=False)).cases
    assert {name: result.value for name, result in case.assertions.items()} == {"contains '30 days'": True}
    assert {name: result.value for name, result in case.scores.items()} == {"words": 2.0}
    assert len(case.evaluator_failures) == 1
    assert "broken: error: RuntimeError" in case.evaluator_failures[0].error_message


def test_ours_sees_an_output_as_an_evaluation_does() -> None:
    """What is no text is JSON; None is no output, which is a failure of the evaluator and no verdict."""
    fields = BUILT_IN["required_fields"](["refund"])
    absent = BUILT_IN["not_contains"]("120")

    def reported(ours: Scorer, output: Any) -> Any:
        case: Any = TheirCase(name="a", inputs="q")
        dataset: Any = Dataset(name="d", cases=[case], evaluators=[to_pydantic_evals(ours)])

        async def task(_question: str) -> Any:
            return output

        return asyncio.run(dataset.evaluate(task, progress=False)).cases[0]

    assert [one.value for one in reported(fields, {"refund": True}).assertions.values()] == [True]
    none = reported(absent, None)
    assert none.assertions == {}
    assert "no_content: the span has no output text" in none.evaluator_failures[0].error_message


@dataclass
class Refund:
    """What an application may give, expect and be asked, by its type."""

    days: int


class Answer(BaseModel):
    """The same as a model."""

    refund: Refund


@pytest.mark.parametrize(
    ("expected", "passes"),
    [
        (Answer(refund=Refund(30)), True),
        ({"refund": {"days": 30}}, True),
        ({"refund": Refund(30)}, True),
        (Answer(refund=Refund(31)), False),
    ],
)
def test_ours_sees_what_is_expected_as_it_sees_the_output(expected: Any, passes: bool) -> None:
    """Two equal models are equal."""
    case: Any = TheirCase(name="a", inputs="q", expected_output=expected)
    dataset: Any = Dataset(name="d", cases=[case], evaluators=[to_pydantic_evals(BUILT_IN["equals"](None))])

    async def task(_question: str) -> Answer:
        return Answer(refund=Refund(30))

    (made,) = asyncio.run(dataset.evaluate(task, progress=False)).cases
    assert [one.value for one in made.assertions.values()] == [passes]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (None, {}),
        ({"days": 30}, {"days": 30}),
        (Refund(30), {"days": 30}),
        (Answer(refund=Refund(30)), {"refund": {"days": 30}}),
        ([30], {"metadata": [30]}),
    ],
)
def test_inputs_and_metadata_may_be_of_any_type(theirs: Any, ours: dict[str, Any]) -> None:
    """A scorer reads them as JSON."""
    seen: list[Any] = []

    @scorer
    def looks(output: str, input: Any, metadata: dict[str, Any]) -> bool:
        seen.append((input, metadata))
        return True

    case: Any = TheirCase(name="a", inputs=Refund(30), metadata=theirs)
    dataset: Any = Dataset(name="d", cases=[case], evaluators=[to_pydantic_evals(looks)])

    async def task(_question: Any) -> str:
        return "yes"

    (made,) = asyncio.run(dataset.evaluate(task, progress=False)).cases
    assert made.evaluator_failures == []
    assert seen == [({"days": 30}, ours)]


def test_its_identity_is_that_of_all_its_parameters() -> None:
    """Also of those that are no plain value."""
    one, other = (from_pydantic_evals(Equals(value={"a": value})) for value in (1, 2))
    assert one.version != other.version
    assert one.version == from_pydantic_evals(Equals(value={"a": 1})).version


def test_its_judge_is_one() -> None:
    """By the model that it is told to ask, or by one that is not known."""
    assert from_pydantic_evals(LLMJudge(rubric="polite", model="openai:gpt-4o")).model == "openai:gpt-4o"
    assert from_pydantic_evals(LLMJudge(rubric="polite")).model == "unknown model"
    assert from_pydantic_evals(EqualsExpected()).model is None


@pytest.mark.parametrize(
    ("evaluator", "passes"),
    [(IsInstance(type_name="dict"), True), (IsInstance(type_name="str"), False), (EqualsExpected(), True)],
)
def test_it_sees_the_output_that_the_application_gave(evaluator: Any, passes: bool) -> None:
    """And not the JSON that a span holds of it; text that looks like JSON is text."""
    for attributes, answer in (
        ({"output.mime_type": "application/json"}, passes),
        ({}, evaluator == IsInstance("str")),
    ):
        span = llm_span("q", '{"a": 1}', attributes=attributes)
        subject = Subject(span=span, case=Case(id="a", input="q", expected={"a": 1}))
        assert asyncio.run(run_scorer(from_pydantic_evals(evaluator), subject)).passed is answer
