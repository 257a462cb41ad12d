"""The gate: experiment + baseline + policy → decision, and its reports. Pure: no clock, no files, no store."""

from __future__ import annotations

from otel_i2e.gate.decide import decide
from otel_i2e.gate.overriding import bound, require_overridable
from otel_i2e.gate.policy import parse_policy
from otel_i2e.gate.shadows import in_force, shadows
from otel_i2e.gate.suites import SuiteRate, suite_rates
from otel_i2e.gate.verdicts import case_decision, repeat_verdict

__all__ = [
    "SuiteRate",
    "bound",
    "case_decision",
    "decide",
    "in_force",
    "parse_policy",
    "repeat_verdict",
    "require_overridable",
    "shadows",
    "suite_rates",
]
