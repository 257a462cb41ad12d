"""JUnit XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Final

from otel_i2e.gate.reports import junit
from otel_i2e.models import Decision, Experiment

Decided = tuple[Decision, Experiment]


_NUMBERS: Final = frozenset({"tests", "failures", "errors"})
_SCHEMA: Final = {
    "testsuites": ({"testsuite"}, _NUMBERS | {"name", "time"}),
    "testsuite": ({"testcase"}, _NUMBERS | {"name", "time", "skipped", "timestamp"}),
    "testcase": ({"failure", "error", "skipped", "system-out"}, {"name", "classname", "time"}),
    "failure": (set[str](), {"message", "type"}),
    "error": (set[str](), {"message", "type"}),
    "skipped": (set[str](), {"message"}),
    "system-out": (set[str](), set[str]()),
}
"""Element → children and attributes: the part of junit-10.xsd, of Jenkins' xUnit plugin, that we write."""


def _read(text: str) -> ET.Element:
    """The document, after a look at its elements: known ones, with known attributes, and those that must be there."""
    root = ET.fromstring(text)
    for element in root.iter():
        children, attributes = _SCHEMA[element.tag]
        assert {child.tag for child in element} <= children
        assert element.attrib.keys() <= attributes
        assert all(re.fullmatch(r"\d+\.\d{3}", value) for name, value in element.items() if name == "time")
        assert all(re.fullmatch(r"\d+", value) for name, value in element.items() if name in _NUMBERS | {"skipped"})
        if element.tag == "testsuite":
            assert element.attrib.keys() >= _NUMBERS | {"name"}
            assert sum(child.find("failure") is not None for child in element) == int(element.get("failures", "-1"))
        if element.tag == "testcase":
            assert "name" in element.attrib
            assert sum(child.tag != "system-out" for child in element) <= 1
    return root


def _counts(element: ET.Element) -> dict[str, int]:
    suites = element.findall("testsuite")
    counts = {name: int(element.get(name, "-1")) for name in ("tests", "failures", "errors")}
    return {**counts, "skipped": sum(int(suite.get("skipped", "-1")) for suite in suites)}


def test_each_effect_has_its_element(mixed: Decided) -> None:
    """What fails the run is a failure, what was not measured an error, what is tolerated skipped with its reason."""
    root = _read(junit(*mixed))
    suite = root.find("testsuite")
    assert suite is not None
    tags = {case.get("name", "").strip(): [child.tag for child in case] for case in suite.iter("testcase")}
    assert tags == {
        "good": [],
        "blocked": ["failure", "system-out"],
        "waiting": ["failure", "system-out"],
        "overridden": ["skipped", "system-out"],
        "logged": ["skipped", "system-out"],
        "lost": ["error", "system-out"],
    }
    skipped = suite.find("testcase[@name='overridden']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "P1 fails, overridden (by ada: known): cites failed: because"


def test_totals_are_the_sums_of_the_suites(mixed: Decided) -> None:
    """Readers that only look at the root see the truth."""
    root = _read(junit(*mixed))
    assert _counts(root) == {"tests": 7, "failures": 3, "errors": 1, "skipped": 2}
    assert sum(float(suite.get("time", "0")) for suite in root) == float(root.get("time", "0")) == 9.0


def test_no_cases_is_an_error_and_not_an_empty_green_file(empty: Decided) -> None:
    """The run as a whole is a test case of its own."""
    root = _read(junit(*empty))
    assert _counts(root) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}
    error = root.find(".//error")
    assert error is not None
    assert error.get("message") == "the experiment has no cases"


def test_a_pass_has_no_failure(passing: Decided) -> None:
    """All zero but the tests."""
    assert _counts(_read(junit(*passing))) == {"tests": 2, "failures": 0, "errors": 0, "skipped": 0}


def test_hostile_text_stays_text(hostile: Decided) -> None:
    """The document parses, has only our elements, and shows control characters instead of holding them."""
    text = junit(*hostile)
    text.encode("utf-8")
    root = _read(text)
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    whole = "".join(root.itertext())
    assert "\\x1b[31m" in whole
    assert "\x1b" not in whole
    assert "<script>alert(1)</script>" in whole


def test_it_can_be_written_without_the_experiment(mixed: Decided) -> None:
    """Times are then zero and outputs absent."""
    assert "[trace" not in junit(mixed[0])
    assert "[trace" in junit(*mixed)


def test_what_a_passing_run_left_out_is_said(passing: Decided) -> None:
    """Its notes stand under the run as a whole."""
    decision, experiment = passing
    noted = decision.model_copy(update={"reasons": ("left out of this run: what a judge would say",)})
    said = _read(junit(noted, experiment)).find(".//testcase[@name='decision']/system-out")
    assert said is not None
    assert "left out of this run" in (said.text or "")
