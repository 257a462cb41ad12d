"""The decision as GitHub-flavoured Markdown, for `$GITHUB_STEP_SUMMARY` and a pull-request comment.

Every text that came from a dataset, a model or a person stands in a code span, where Markdown knows no
HTML, link, image, mention or emphasis; its fence is longer than any run of backticks inside. The one
thing that a table still reads inside a code span, the pipe, is replaced by a broken bar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from otel_i2e.gate.reports.differences import Difference, differences
from otel_i2e.gate.reports.grid import repeats
from otel_i2e.gate.reports.ranking import EFFECT_WORDS, effect_of, worst_first
from otel_i2e.gate.reports.summary import failure_rate, summary
from otel_i2e.gate.suites import suite_rates
from otel_i2e.gate.wording import line
from otel_i2e.models import CaseDecision, Decision, Experiment

__all__ = ["code", "comment", "markdown", "marker", "step_summary"]

_MOST_ROWS: Final = 200
_LONGEST_COMMENT: Final = 60_000
"""Characters; GitHub takes 65,536."""
_LONGEST_SUMMARY: Final = 1_000_000
"""Bytes of all that a step writes; GitHub takes 1,048,576, and shows nothing of more."""
_FOLD: Final = "<details>"
_HEADLINES: Final = {
    "pass": "✅ i2e gate: pass",
    "fail": "❌ i2e gate: fail",
    "undecided": "⚠️ i2e gate: could not measure",
}


def markdown(decision: Decision, experiment: Experiment | None = None, baseline: Experiment | None = None) -> str:
    """The report; `experiment` adds the task, the commit and the answers, `baseline` what they were before."""
    return _joined(_blocks(decision, experiment, baseline))


def comment(decision: Decision, experiment: Experiment | None = None, baseline: Experiment | None = None) -> str:
    """The same, short enough for a pull-request comment; the marker on its first line says which to replace."""
    blocks = _blocks(decision, experiment, baseline)
    return _joined(_fitting(blocks, _LONGEST_COMMENT, len, "The rest is in the step summary."))


def step_summary(
    decision: Decision,
    experiment: Experiment | None = None,
    baseline: Experiment | None = None,
    *,
    written: int = 0,
) -> str:
    """The same, short enough for `$GITHUB_STEP_SUMMARY`, into which the step has `written` so many bytes."""
    blocks = _blocks(decision, experiment, baseline)
    rest = "The rest is too long for a step summary; `i2e gate --markdown FILE` and `--json` have all of it."
    return _joined(_fitting(blocks, _LONGEST_SUMMARY - written, lambda text: len(text.encode()), rest))


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks) + "\n"


def _fitting(blocks: Sequence[str], most: int, size: Callable[[str], int], rest: str) -> list[str]:
    """The first blocks, `most` in all, and `rest` when that is not all of them. A block that is folded stays whole."""
    left = most - size(rest)
    kept: list[str] = []
    for block in blocks:
        if (needed := size(block) + 2) > left:
            lines = [] if block.startswith(_FOLD) else _first_lines(block, left - 2, size)
            return [*kept, *(["\n".join(lines)] if lines else []), rest]
        kept.append(block)
        left -= needed
    return kept


def _first_lines(block: str, most: int, size: Callable[[str], int]) -> list[str]:
    kept: list[str] = []
    for text in block.split("\n"):
        most -= size(text) + 1
        if most < 0:
            break
        kept.append(text)
    return kept


def _blocks(decision: Decision, experiment: Experiment | None, baseline: Experiment | None) -> list[str]:
    blocks = [
        marker(decision, experiment),
        f"## {_HEADLINES[decision.verdict]}",
        summary(decision),
        _facts(decision, experiment),
        _bullets(decision.reasons),
        decision.sensitivity,
        _suites(decision),
        _cases(decision, experiment),
        *_differences(differences(decision, experiment, baseline) if experiment is not None else []),
        _overrides(decision),
    ]
    return [block for block in blocks if block]


def marker(decision: Decision, experiment: Experiment | None = None) -> str:
    """First line of every report, by which a comment can be found again and replaced: one for each dataset.

    Where whole suites of it were left out, one for those that were not: each may have a gate of its own.
    """
    known: Any = experiment.metadata.get("dataset_suites") if experiment is not None else None
    here = {case.suite for case in decision.cases}
    parts = [decision.dataset, *(sorted(here) if here and isinstance(known, Mapping) and known.keys() - here else ())]
    return f"<!-- i2e gate: {'/'.join(quote(part, safe='') for part in parts)} -->"


def code(text: object, limit: int = 300) -> str:
    """`text` as one code span that is safe in a table cell too."""
    shown = line(text, limit).replace("|", "¦") or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if "`" in shown or shown != shown.strip() else f"{fence}{shown}{fence}"


def _facts(decision: Decision, experiment: Experiment | None) -> str:
    facts = [("dataset", decision.dataset), ("experiment", decision.experiment_id)]
    if decision.baseline_id is not None:
        facts.append(("baseline", decision.baseline_id))
    if decision.policy_from:
        facts.append(("policy", decision.policy_from))
    if experiment is not None:
        facts += [("task", experiment.task), ("commit", experiment.commit or "unknown")]
    return " · ".join(f"{name} {code(value, 120)}" for name, value in facts)


def _bullets(reasons: Sequence[str]) -> str:
    shown = [f"- {code(reason, 600)}" for reason in reasons[:_MOST_ROWS]]
    if len(reasons) > _MOST_ROWS:
        shown.append(f"- and {len(reasons) - _MOST_ROWS} more")
    return "\n".join(shown)


def _differences(found: Sequence[Difference]) -> list[str]:
    """One fold for each case; a diff block, whose text Markdown leaves alone, in a fence longer than any inside."""
    return [
        f"{_FOLD}<summary>before and now</summary>\n\n{code(one.case_id, 80)}\n\n{_fenced(one.lines)}\n\n</details>"
        for one in found
    ]


def _fenced(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}diff\n{text}\n{fence}"


def _overrides(decision: Decision) -> str:
    """Every override of a case that does not pass, whether it counts or not."""
    head = "| override of | by | reason | until | counts |\n|---|---|---|---|---|"
    rows = [
        f"| {code(one.override.case_id, 80)} | {code(one.override.by, 80)} | {code(one.override.reason)} "
        f"| {f'{one.override.expires_at:%Y-%m-%d}' if one.override.expires_at else '–'} "
        f"| {'yes' if one.counts else code(one.why)} |"
        for one in decision.overrides[:_MOST_ROWS]
    ]
    return f"Override debt: {decision.override_debt}\n\n" + "\n".join([head, *rows]) if rows else ""


def _suites(decision: Decision) -> str:
    head = "| suite | passed | failed | overridden | not measured | rate | threshold |\n|---|--:|--:|--:|--:|--:|--:|"
    rows = [
        f"| {code(suite.suite, 80)} | {suite.passed} | {suite.failed} | {suite.overridden} | {suite.not_measured} "
        f"| {'–' if suite.rate is None else f'{suite.rate:.1%}'} | {decision.policy.threshold(suite.suite):.1%} |"
        for found in suite_rates(decision.cases)
        for suite in [found.held_to(decision.policy.threshold(found.suite))]
    ]
    return "\n".join([head, *rows]) if rows else ""


def _cases(decision: Decision, experiment: Experiment | None) -> str:
    shown = [case for case in worst_first(decision.cases) if case.verdict != "passed" or case.change == "fixed"]
    if not shown:
        return ""
    answers = _answers(experiment)
    head = "| case | priority | result | repeats | fails | change | why | answer |\n|---|---|---|---|---|---|---|---|"
    rows = [_row(case, answers.get(case.case_id)) for case in shown[:_MOST_ROWS]]
    rest = len(shown) - _MOST_ROWS
    return "\n".join([head, *rows]) + (f"\n\n{rest} more cases are not shown." if rest > 0 else "")


def _row(case: CaseDecision, answer: str | None) -> str:
    cells = (
        code(case.case_id, 80),
        case.priority,
        EFFECT_WORDS[effect_of(case)],
        repeats(case),
        failure_rate(case),
        "" if case.change in ("none", "not_measured") else case.change.replace("_", " "),
        "<br>".join(code(reason) for reason in case.reasons),
        "" if answer is None else code(answer, 200),
    )
    return "| " + " | ".join(cells) + " |"


def _answers(experiment: Experiment | None) -> dict[str, str]:
    """The first output of each case that a scorer failed, else the first."""
    answers: dict[str, str] = {}
    runs = experiment.runs if experiment is not None else ()
    for run in sorted(runs, key=lambda run: all(one.passed is not False for one in run.attempts)):
        if run.output is not None:
            answers.setdefault(run.case_id, run.output)
    return answers
