"""What GitHub Actions reads: workflow commands on stdout, and outputs for later steps.

Source of both: "Workflow commands for GitHub Actions", docs.github.com. GitHub shows ten errors and
ten warnings of a step, so the eleventh line of a level says how many more there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from otel_i2e.gate.reports.ranking import Effect, effect_of, worst_first
from otel_i2e.gate.reports.result import bounded_result
from otel_i2e.gate.suites import suite_rates
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision

__all__ = ["outputs", "workflow_commands"]

Level = Literal["error", "warning", "notice"]
_MOST: Final = 10
_LONGEST: Final = 400_000
"""Characters of an output: all outputs of a job have 1 MB, counted in UTF-16."""
_LEVELS: Final[dict[Effect, Level]] = {
    "blocks": "error",
    "needs_override": "warning",
    "not_measured": "error",
    "warns": "warning",
    "overridden": "warning",
    "logged": "notice",
}
_TITLES: Final[dict[Effect, str]] = {
    "blocks": "fails and blocks",
    "needs_override": "fails the run until it is overridden",
    "not_measured": "could not be measured",
    "warns": "fails",
    "overridden": "fails and is overridden",
    "logged": "fails, logged only",
}


def workflow_commands(decision: Decision, notes: Sequence[str] = ()) -> list[str]:
    """Workflow commands, one per line: `::error title=…::…`. A passing run without remarks gives none.

    `notes` are what a reader should know beside the decision: a notice each.
    """
    lines: list[str] = []
    by_level: dict[Level, list[CaseDecision]] = {"error": [], "warning": [], "notice": []}
    for case in worst_first(decision.cases):
        if (effect := effect_of(case)) != "passed":
            by_level[_LEVELS[effect]].append(case)
    if decision.verdict != "pass":
        lines.append(_command("error", f"i2e gate: {decision.verdict}", _headline(decision)))
    lines += [_command("notice", "i2e gate", note) for note in notes]
    for level, cases in by_level.items():
        lines += _capped(level, cases, most=_MOST - (1 if level == "error" else 0))
    return lines


def outputs(decision: Decision, result_file: str) -> str:
    """Lines for `$GITHUB_OUTPUT`: `decision`, `failed` (failing cases that are not overridden), `result_json`, which
    leaves out what is beyond GitHub's limit, and `result_file`, the name of the file that has all of it."""
    failed = sum(suite.failed + suite.cleared for suite in suite_rates(decision.cases))
    shown = bounded_result(decision, _LONGEST)
    return f"decision={decision.verdict}\nfailed={failed}\nresult_json={shown}\nresult_file={line(result_file, 4096)}\n"


def _headline(decision: Decision) -> str:
    more = len(decision.reasons) - 1
    first = decision.reasons[0] if decision.reasons else "no reason was recorded"
    return f"{first} (and {more} more)" if more > 0 else first


def _capped(level: Level, cases: Sequence[CaseDecision], most: int) -> list[str]:
    shown = cases if len(cases) <= most else cases[: most - 1]
    lines = [_case(level, case) for case in shown]
    if len(shown) < len(cases):
        lines.append(_command(level, "i2e gate", f"{len(cases) - len(shown)} more cases; the step summary lists them"))
    return lines


def _case(level: Level, case: CaseDecision) -> str:
    title = f"{case.priority} {line(case.case_id, 80)} {_TITLES[effect_of(case)]}"
    return _command(level, title, "; ".join(case.reasons) or "no reason was recorded")


def _command(level: Level, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return line(text, 1000).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
