"""The decision as one line of JSON, for `$GITHUB_OUTPUT` and other programs."""

from __future__ import annotations

import json

from otel_i2e.gate.reports.ranking import effect_of
from otel_i2e.gate.suites import suite_rates
from otel_i2e.models import Decision

__all__ = ["result"]


def result(decision: Decision) -> str:
    """The decision's fields, with `exit_code`, `suites` and each case's `effect` added. One line, ASCII only."""
    body = decision.model_dump(mode="json")
    body["exit_code"] = decision.exit_code
    body["suites"] = [{**suite._asdict(), "rate": suite.rate} for suite in suite_rates(decision.cases)]
    for shown, case in zip(body["cases"], decision.cases, strict=True):
        shown["effect"] = effect_of(case)
    return json.dumps(body)
