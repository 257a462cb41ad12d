"""JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from otel_i2e.gate.reports import junit
from otel_i2e.models import Decision, Experiment

Decided = tuple[Decision, Experiment]


def _counts(element: ET.Element) -> dict[str, int]:
    return {name: int(element.get(name, "-1")) for name in ("tests", "failures", "errors", "skipped")}


def test_each_effect_has_its_element(mixed: Decided) -> None:
    """What fails the run is a failure, what was not measured an error, what is tolerated skipped with its reason."""
    root = ET.fromstring(junit(*mixed))
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
    root = ET.fromstring(junit(*mixed))
    assert _counts(root) == {"tests": 7, "failures": 3, "errors": 1, "skipped": 2}
    assert sum(float(suite.get("time", "0")) for suite in root) == 9.0


def test_no_cases_is_an_error_and_not_an_empty_green_file(empty: Decided) -> None:
    """The run as a whole is a test case of its own."""
    root = ET.fromstring(junit(*empty))
    assert _counts(root) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}
    error = root.find(".//error")
    assert error is not None
    assert error.get("message") == "the experiment has no cases"


def test_a_pass_has_no_failure(passing: Decided) -> None:
    """All zero but the tests."""
    assert _counts(ET.fromstring(junit(*passing))) == {"tests": 2, "failures": 0, "errors": 0, "skipped": 0}


def test_hostile_text_stays_text(hostile: Decided) -> None:
    """The document parses, has only our elements, and shows control characters instead of holding them."""
    text = junit(*hostile)
    text.encode("utf-8")
    root = ET.fromstring(text)
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
