"""Workflow commands and outputs of GitHub Actions."""

from __future__ import annotations

import json

from otel_i2e.gate.reports import outputs, result, workflow_commands
from otel_i2e.gate.reports.ranking import worst_first
from otel_i2e.gate.reports.result import bounded_result
from otel_i2e.models import Decision, Experiment

Decided = tuple[Decision, Experiment]


def test_errors_and_warnings_by_effect(mixed: Decided) -> None:
    """A block and what was not measured are errors, a P1 and an override warnings, a logged case a notice."""
    levels = [row.split(" ")[0] for row in workflow_commands(mixed[0])]
    assert levels == ["::error", "::error", "::error", "::warning", "::warning", "::notice"]
    assert workflow_commands(mixed[0])[0].startswith("::error title=i2e gate%3A fail::P0 blocked")


def test_a_clean_pass_says_nothing(passing: Decided) -> None:
    """No annotation without a reason."""
    assert workflow_commands(passing[0]) == []


def test_hostile_text_forges_no_command(hostile: Decided) -> None:
    """Every line is one command of ours: no line break, and no second property."""
    for row in workflow_commands(hostile[0]):
        assert "\n" not in row
        assert "\r" not in row
        head, _, _ = row[2:].partition("::")
        assert head.split(" ", 1)[0] in ("error", "warning", "notice")
        assert "," not in head
        assert "%0A" not in row  # GitHub would read a line break


def test_the_eleventh_is_counted(mixed: Decided) -> None:
    """GitHub shows ten of a level; the last says how many there are."""
    decision = mixed[0]
    lost = next(case for case in decision.cases if case.case_id == "lost")
    rows = workflow_commands(decision.model_copy(update={"cases": (lost,) * 30}))
    assert len(rows) == 10
    assert "22 more cases" in rows[-1]


def test_outputs_are_one_line_each(hostile: Decided) -> None:
    """Hostile text opens no further output."""
    rows = outputs(hostile[0], "/tmp/a\nb.json").splitlines()
    assert [row.split("=", 1)[0] for row in rows] == ["decision", "failed", "result_json", "result_file"]
    assert rows[:2] == ["decision=fail", "failed=3"]
    assert json.loads(rows[2].split("=", 1)[1])["exit_code"] == 1


def test_the_output_stays_below_the_limit_and_says_what_it_leaves_out(mixed: Decided) -> None:
    """The worst cases stay; nothing is left out of what is short enough."""
    decision = mixed[0]
    case = decision.cases[0]
    many = decision.model_copy(
        update={
            "cases": tuple(
                case.model_copy(update={"case_id": f"c{at}", "reasons": ("\u4e0d" * 200,)}) for at in range(3000)
            )
        }
    )
    text = outputs(many, "all.json").splitlines()[2].removeprefix("result_json=")
    body = json.loads(text)
    assert 390_000 < len(text) <= 400_000
    assert len(body["cases"]) + body["cases_left_out"] == 3000
    assert [one["case_id"] for one in body["cases"][:2]] == [one.case_id for one in worst_first(many.cases)[:2]]
    assert "cases_left_out" not in json.loads(bounded_result(decision, 400_000))
    for most in range(200, len(result(decision)), 97):
        short = bounded_result(decision, most)
        assert json.loads(short)["verdict"] == decision.verdict
        assert len(short) <= max(most, 400)
