"""The decision as JSON."""

from __future__ import annotations

import json

from otel_i2e.gate.reports import result
from otel_i2e.models import Decision, Experiment


def test_it_says_the_effect_of_each_case_and_the_rates(mixed: tuple[Decision, Experiment]) -> None:
    """A program need not know the policy's rules."""
    body = json.loads(result(mixed[0]))
    assert body["verdict"] == "fail"
    assert [case["effect"] for case in body["cases"]] == [
        "passed", "blocks", "needs_override", "overridden", "logged", "not_measured",
    ]  # fmt: skip
    assert body["suites"][0] | {"rate": 0} == {
        "suite": "fast", "passed": 1, "failed": 3, "overridden": 1, "not_measured": 1, "shadow": 0, "cleared": 0,
        "rate": 0,
    }  # fmt: skip


def test_it_is_one_ascii_line(hostile: tuple[Decision, Experiment]) -> None:
    """Whatever the texts hold."""
    text = result(hostile[0])
    assert text.isascii()
    assert text.splitlines() == [text]
