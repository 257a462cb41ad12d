"""The decision as one line of JSON, for `$GITHUB_OUTPUT` and other programs."""

from __future__ import annotations

import json

from otel_i2e.gate.reports.ranking import effect_of, worst_first
from otel_i2e.gate.suites import suite_rates
from otel_i2e.models import Decision, Json

__all__ = ["bounded_result", "result"]


def result(decision: Decision) -> str:
    """The decision's fields, with `exit_code`, `suites` and each case's `effect` added. One line, ASCII only."""
    return json.dumps(_body(decision))


def bounded_result(decision: Decision, most: int) -> str:
    """The same in at most `most` characters: the worst cases first, `cases_left_out` says how many are missing.

    Where even the rest is too long, `verdict`, `exit_code` and the ids are all there is.
    """
    body = _body(decision)
    whole = json.dumps(body)
    if len(whole) <= most:
        return whole
    by_id = {case["case_id"]: case for case in body["cases"]}
    cases = [by_id[case.case_id] for case in worst_first(decision.cases)]
    left: Json = {**body, "cases": [], "cases_left_out": len(cases)}
    room = most - len(json.dumps(left))
    if room < 0:
        kept = ("verdict", "exit_code", "experiment_id", "baseline_id", "dataset", "decided_at")
        return json.dumps({**{name: body[name] for name in kept}, "cases": [], "cases_left_out": len(cases)})
    for count, case in enumerate(cases):
        room -= len(json.dumps(case)) + 2
        if room < 0:
            return json.dumps({**left, "cases": cases[:count], "cases_left_out": len(cases) - count})
    return json.dumps({**left, "cases": cases, "cases_left_out": 0})


def _body(decision: Decision) -> Json:
    body = decision.model_dump(mode="json")
    body["exit_code"] = decision.exit_code
    body["suites"] = [{**suite._asdict(), "rate": suite.rate} for suite in suite_rates(decision.cases)]
    for shown, case in zip(body["cases"], decision.cases, strict=True):
        shown["effect"] = effect_of(case)
    return body
