"""The decision as GitHub-flavoured Markdown, for `$GITHUB_STEP_SUMMARY` and a pull-request comment.

Every text that came from a dataset, a model or a person stands in a code span, where Markdown knows no
HTML, link, image, mention or emphasis; its fence is longer than any run of backticks inside. The one
thing that a table still reads inside a code span, the pipe, is replaced by a broken bar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from otel_i2e.gate.reports.grid import repeats
from otel_i2e.gate.reports.ranking import EFFECT_WORDS, effect_of, worst_first
from otel_i2e.gate.suites import suite_rates
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision, Experiment

__all__ = ["MARKER", "code", "markdown"]

MARKER: Final = "<!-- i2e gate -->"
"""First line of every report, by which a comment can be found again and replaced."""
_MOST_ROWS: Final = 200
_HEADLINES: Final = {
    "pass": "✅ i2e gate: pass",
    "fail": "❌ i2e gate: fail",
    "undecided": "⚠️ i2e gate: could not measure",
}


def markdown(decision: Decision, experiment: Experiment | None = None) -> str:
    """The report; `experiment` adds the task, the commit and the answers of the cases that did not pass."""
    blocks = [
        MARKER,
        f"## {_HEADLINES[decision.verdict]}",
        _facts(decision, experiment),
        _bullets(decision.reasons),
        _suites(decision),
        _cases(decision, experiment),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def code(text: object, limit: int = 300) -> str:
    """`text` as one code span that is safe in a table cell too."""
    shown = line(text, limit).replace("|", "¦") or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if "`" in shown or shown != shown.strip() else f"{fence}{shown}{fence}"


def _facts(decision: Decision, experiment: Experiment | None) -> str:
    facts = [("dataset", decision.dataset), ("experiment", decision.experiment_id)]
    if decision.baseline_id is not None:
        facts.append(("baseline", decision.baseline_id))
    if experiment is not None:
        facts += [("task", experiment.task), ("commit", experiment.commit or "unknown")]
    return " · ".join(f"{name} {code(value, 120)}" for name, value in facts)


def _bullets(reasons: Sequence[str]) -> str:
    shown = [f"- {code(reason, 600)}" for reason in reasons[:_MOST_ROWS]]
    if len(reasons) > _MOST_ROWS:
        shown.append(f"- and {len(reasons) - _MOST_ROWS} more")
    return "\n".join(shown)


def _suites(decision: Decision) -> str:
    head = "| suite | passed | failed | overridden | not measured | rate | threshold |\n|---|--:|--:|--:|--:|--:|--:|"
    rows = [
        f"| {code(suite.suite, 80)} | {suite.passed} | {suite.failed} | {suite.overridden} | {suite.not_measured} "
        f"| {'–' if suite.rate is None else f'{suite.rate:.1%}'} | {decision.policy.suite_threshold:.1%} |"
        for suite in suite_rates(decision.cases)
    ]
    return "\n".join([head, *rows]) if rows else ""


def _cases(decision: Decision, experiment: Experiment | None) -> str:
    shown = [case for case in worst_first(decision.cases) if case.verdict != "passed" or case.change == "fixed"]
    if not shown:
        return ""
    answers = _answers(experiment)
    head = "| case | priority | result | repeats | change | why | answer |\n|---|---|---|---|---|---|---|"
    rows = [_row(case, answers.get(case.case_id)) for case in shown[:_MOST_ROWS]]
    rest = len(shown) - _MOST_ROWS
    return "\n".join([head, *rows]) + (f"\n\n{rest} more cases are not shown." if rest > 0 else "")


def _row(case: CaseDecision, answer: str | None) -> str:
    cells = (
        code(case.case_id, 80),
        case.priority,
        EFFECT_WORDS[effect_of(case)],
        repeats(case),
        "" if case.change == "none" else case.change.replace("_", " "),
        "<br>".join(code(reason) for reason in case.reasons),
        "" if answer is None else code(answer, 200),
    )
    return "| " + " | ".join(cells) + " |"


def _answers(experiment: Experiment | None) -> dict[str, str]:
    """The first recorded output of each case."""
    answers: dict[str, str] = {}
    for run in experiment.runs if experiment is not None else ():
        if run.output is not None:
            answers.setdefault(run.case_id, run.output)
    return answers
