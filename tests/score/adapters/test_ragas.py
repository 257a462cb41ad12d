"""The protocol of Ragas' metrics. The real package is in test_real_packages.py."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Case, Outcome, Subject
from otel_i2e.score import run_scorer
from otel_i2e.score.adapters import adapter_of, from_ragas
from otel_i2e.testing import llm_span


class BySample:
    """As `ragas.metrics` has it."""

    name = "similar"
    required_columns: ClassVar = {"SINGLE_TURN": {"response", "reference", "retrieved_contexts:optional"}}

    async def single_turn_ascore(self, sample: Any) -> float:
        """Whether both are the same."""
        return float(sample.response == sample.reference and sample.retrieved_contexts == [])


class ByName:
    """As `ragas.metrics.collections` has it."""

    def __init__(self, value: Any) -> None:
        self.name, self.value = "same", value

    async def ascore(self, response: str, reference: str, retrieved_contexts: list[str] | None = None) -> Any:
        """A result with a reason."""
        assert retrieved_contexts == []
        return SimpleNamespace(value=self.value, reason=f"{response} and {reference}")


class Other(ByName):
    """It asks for more."""

    async def ascore(self, response: str, reference_tool_calls: list[Any]) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] -- as theirs do
        """Never called."""
        raise AssertionError(response, reference_tool_calls)


def attempt(metric: Any, threshold: float | None = 0.5) -> Attempt:
    """In a case."""
    case = Case(id="c", input="How long?", expected="30 days")
    subject = Subject(span=llm_span("How long?", "30 days"), case=case)
    return asyncio.run(run_scorer(from_ragas(metric, threshold=threshold), subject))


def test_a_metric_that_takes_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the columns that it asks for."""
    module = ModuleType("ragas.dataset_schema")
    setattr(module, "SingleTurnSample", SimpleNamespace)  # noqa: B010 -- a module has no such attribute for a checker
    monkeypatch.setitem(sys.modules, "ragas", ModuleType("ragas"))
    monkeypatch.setitem(sys.modules, "ragas.dataset_schema", module)
    made = attempt(BySample())
    assert (made.scorer, made.passed) == ("similar", True)
    scorer = from_ragas(BySample())
    assert (scorer.required, scorer.optional) == ({"output", "expected"}, {"documents"})


def test_a_metric_that_takes_arguments() -> None:
    """Its reason explains, a value in words is a label."""
    made = attempt(ByName(0.75))
    assert made.score is not None
    assert (made.score.value, made.score.explanation, made.passed) == (0.75, "30 days and 30 days", True)
    label = attempt(ByName("good"), None).score
    assert label is not None
    assert label.label == "good"
    assert adapter_of(ByName(1)) is from_ragas


def test_a_score_that_is_no_number_is_an_error_and_none_is_not_applicable() -> None:
    """Ragas gives NaN when its model answered nothing that it could read."""
    made = attempt(ByName(float("nan")))
    assert (made.outcome, made.error) == (Outcome.ERROR, "it returned nan; a score is a finite number")
    assert attempt(ByName(None)).outcome is Outcome.NOT_APPLICABLE


def test_a_metric_that_needs_what_no_span_has_is_refused() -> None:
    """At once, with its name."""
    with pytest.raises(ScorerError, match="ragas Other needs reference_tool_calls, which no span has"):
        from_ragas(Other(1))


def test_one_with_a_model_is_a_judge_and_its_prompts_are_part_of_it() -> None:
    """Whatever class they have."""
    versions: set[str] = set()
    for instruction in ("Be strict.", "Be mild."):
        metric: Any = ByName(1.0)
        metric.llm = SimpleNamespace(model="gpt-5")
        metric.prompt = SimpleNamespace(instruction=instruction, examples=[("in", "out")], language="english")
        ours = from_ragas(metric)
        assert (ours.model, ours.asks_model) == ("gpt-5", True)
        versions.add(ours.version)
    assert len(versions) == 2
    assert from_ragas(ByName(1.0)).model is None
