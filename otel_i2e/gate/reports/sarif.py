"""The decision as SARIF 2.1.0, for code scanning: a result for each case that did not pass.

Source: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", OASIS. A result lies on the
case's line of the dataset file, as the experiment recorded it. What concerns the whole run is a
notification, and `executionSuccessful` is false when the gate could not measure.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from otel_i2e.gate.reports.ranking import EFFECT_WORDS, Effect, effect_of, worst_first
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision, Experiment

__all__ = ["sarif"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME: Final = "https://pypi.org/project/otel-i2e/"
_LEVELS: Final[dict[Effect, str]] = {
    "blocks": "error",
    "needs_override": "error",
    "not_measured": "error",
    "warns": "warning",
    "overridden": "warning",
    "logged": "note",
}


def sarif(decision: Decision, experiment: Experiment) -> str:
    """One JSON document with one run."""
    shown = [case for case in worst_first(decision.cases) if effect_of(case) != "passed"]
    run = {
        "tool": {"driver": _driver(experiment)},
        "automationDetails": {"id": f"i2e/{line(decision.dataset, 80)}/{decision.experiment_id}"},
        "invocations": [
            {
                "executionSuccessful": decision.verdict != "undecided",
                "exitCode": decision.exit_code,
                "toolExecutionNotifications": [
                    {"level": "note" if decision.verdict == "pass" else "error", "message": {"text": line(text, 1000)}}
                    for text in decision.reasons
                ],
            }
        ],
        "results": [_result(case, experiment) for case in shown],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _driver(experiment: Experiment) -> dict[str, Any]:
    """The tool, in the version that made the experiment."""
    versions = experiment.metadata.get("versions")
    version = versions.get("otel-i2e") if isinstance(versions, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] -- JSON
    named = {"name": "otel-i2e", "informationUri": _HOME, "rules": _rules()}
    return {**named, "version": line(str(version), 80)} if isinstance(version, str) else named


def _rules() -> list[dict[str, Any]]:
    return [
        {"id": f"i2e/{effect}", "shortDescription": {"text": f"A case {EFFECT_WORDS[effect]}"}} for effect in _LEVELS
    ]


def _result(case: CaseDecision, experiment: Experiment) -> dict[str, Any]:
    effect = effect_of(case)
    reasons = "; ".join(case.reasons) or "no reason was recorded"
    result: dict[str, Any] = {
        "ruleId": f"i2e/{effect}",
        "level": _LEVELS[effect],
        "message": {"text": line(f"{case.priority} {case.case_id} {EFFECT_WORDS[effect]}: {reasons}", 1000)},
        "locations": [_location(case, experiment)],
        "partialFingerprints": {"i2eCase/v1": line(f"{experiment.dataset}/{case.case_id}", 200)},
    }
    if case.change != "none":
        states = {"new": "new", "fixed": "updated", "regressed": "new", "still_failing": "unchanged"}
        result["baselineState"] = states.get(case.change, "updated")
    if case.overridden is not None:
        by, why = line(case.overridden.by, 80), line(case.overridden.reason)
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": f"{by}: {why}"}]
    return result


def _location(case: CaseDecision, experiment: Experiment) -> dict[str, Any]:
    path = experiment.metadata.get("dataset_path")
    lines = experiment.metadata.get("lines")
    number = lines.get(case.case_id) if isinstance(lines, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] -- JSON
    uri = PurePath(path).as_posix() if isinstance(path, str) else f"{experiment.dataset}.jsonl"
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(line(uri, 300))},
            "region": {"startLine": number if isinstance(number, int) and number > 0 else 1},
        },
        "logicalLocations": [{"name": line(case.case_id, 200), "kind": "object"}],
    }
