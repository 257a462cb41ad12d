"""The decision as JUnit XML, in the dialect that Jenkins, GitLab, Azure and GitHub reporters share.

A case that fails the run is a `failure`; one that could not be measured is an `error`; one whose
failure is overridden or only warned about is `skipped`, because readers of JUnit turn a build red on any
`failure` and would contradict the gate; its message says that it failed. What is wrong with the run as
a whole stands in a suite of its own, so that a run without cases is never an empty, green file.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Final

from otel_i2e.gate.reports.ranking import EFFECT_WORDS, Effect, effect_of
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision, Experiment, OverrideState

__all__ = ["junit"]

_TAGS: Final[dict[Effect, str]] = {
    "blocks": "failure",
    "needs_override": "failure",
    "not_measured": "error",
    "warns": "skipped",
    "overridden": "skipped",
    "logged": "skipped",
}


def junit(decision: Decision, experiment: Experiment | None = None) -> str:
    """An XML document. `experiment` adds run times, and the output that failed."""
    root = ET.Element("testsuites", name="i2e")
    seconds = _seconds(experiment)
    for suite in dict.fromkeys(case.suite for case in decision.cases):
        cases = [case for case in decision.cases if case.suite == suite]
        _suite(root, decision, suite, [_case(decision, case, seconds, experiment) for case in cases])
    _suite(root, decision, "gate", [_gate(decision)])
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, decision: Decision, name: str, cases: list[ET.Element]) -> None:
    def count(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    suite = ET.SubElement(
        root,
        "testsuite",
        name=_xml(f"{decision.dataset}.{name}"),
        tests=str(len(cases)),
        failures=count("failure"),
        errors=count("error"),
        skipped=count("skipped"),
        time=f"{sum(float(case.get('time', '0')) for case in cases):.3f}",
        timestamp=decision.decided_at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(cases)


def _case(
    decision: Decision, case: CaseDecision, seconds: Mapping[str, float], experiment: Experiment | None
) -> ET.Element:
    element = ET.Element(
        "testcase",
        classname=_xml(f"{decision.dataset}.{case.suite}"),
        name=_xml(case.case_id),
        time=f"{seconds.get(case.case_id, 0.0):.3f}",
    )
    effect = effect_of(case)
    if effect == "passed":
        return element
    reasons = case.reasons or ("no reason was recorded",)
    by = f" (by {case.overridden.by}: {case.overridden.reason})" if case.overridden else ""
    message = line(f"{case.priority} {EFFECT_WORDS[effect]}{by}: {reasons[0]}", 1000)
    problem = ET.SubElement(element, _TAGS[effect], message=_xml(message))
    if effect in ("blocks", "needs_override", "not_measured"):
        problem.set("type", effect)
    problem.text = _xml("\n".join(reasons))
    if outputs := _outputs(case, experiment):
        ET.SubElement(element, "system-out").text = _xml(outputs)
    return element


def _gate(decision: Decision) -> ET.Element:
    """The run as a whole: the reasons that no single case carries are here too."""
    element = ET.Element("testcase", classname=_xml(f"{decision.dataset}.gate"), name="decision", time="0.000")
    if decision.verdict != "pass":
        tag = "failure" if decision.verdict == "fail" else "error"
        first = decision.reasons[0] if decision.reasons else "no reason was recorded"
        problem = ET.SubElement(element, tag, message=_xml(line(first, 1000)), type=decision.verdict)
        problem.text = _xml("\n".join(decision.reasons))
    notes = decision.reasons if decision.verdict == "pass" else ()
    said = [*notes, decision.sensitivity, *(f"override of {_override(one)}" for one in decision.overrides)]
    if text := "\n".join(line(one, 1000) for one in said if one):
        ET.SubElement(element, "system-out").text = _xml(text)
    return element


def _override(state: OverrideState) -> str:
    override = state.override
    return f"{override.case_id} by {override.by}: {override.reason} ({'counts' if state.counts else state.why})"


def _seconds(experiment: Experiment | None) -> dict[str, float]:
    times: dict[str, float] = {}
    for run in experiment.runs if experiment is not None else ():
        times[run.case_id] = times.get(run.case_id, 0.0) + (run.duration_ms or 0.0) / 1000
    return times


def _outputs(case: CaseDecision, experiment: Experiment | None) -> str:
    runs = [run for run in experiment.runs if run.case_id == case.case_id] if experiment is not None else []
    return "\n".join(f"repeat {run.repeat}: {_shown(run.output)} [trace {run.trace_id}]" for run in runs)


def _shown(output: str | None) -> str:
    return "(no output)" if output is None else output[:4000]


def _xml(text: str) -> str:
    """`text` with the characters that XML 1.0 cannot hold made visible (its production 2, `Char`)."""
    return "".join(_characters(text))


def _characters(text: str) -> Iterable[str]:
    for char in text:
        point = ord(char)
        allowed = char in "\t\n" or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or point >= 0x10000
        yield char if allowed else repr(char)[1:-1] if not 0xFFFE <= point <= 0xFFFF else f"\\u{point:04x}"
