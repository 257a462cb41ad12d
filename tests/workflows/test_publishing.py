"""Reports as files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.errors import UsageError
from otel_i2e.gate import decide
from otel_i2e.gate.reports import result
from otel_i2e.models import Experiment
from otel_i2e.workflows.gating import Gated
from otel_i2e.workflows.publishing import publish, require_different_files

NOW = datetime.now(UTC)


def _gated() -> Gated:
    """A decision on an experiment without cases."""
    experiment = Experiment.model_validate(
        {
            "experiment_id": "exp-1",
            "dataset": "refunds",
            "dataset_hash": "0" * 12,
            "task": "app:answer",
            "repeats": 1,
            "created_at": NOW,
            "cases": (),
        }
    )
    return Gated(decision=decide(experiment, now=NOW), experiment=experiment)


def test_reports_are_written_where_they_were_asked_for(tmp_path: Path) -> None:
    """JUnit and Markdown files; GitHub's summary and outputs are appended to."""
    gated = _gated()
    (tmp_path / "summary.md").write_text("before\n")
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    files = {"junit_file": tmp_path / "new" / "gate.xml", "markdown_file": tmp_path / "gate.md"}
    assert publish(gated, **files, environ=environ) == []
    assert (tmp_path / "new" / "gate.xml").read_text().startswith("<?xml")
    assert (tmp_path / "summary.md").read_text() == "before\n" + (tmp_path / "gate.md").read_text()
    output = (tmp_path / "output").read_text()
    assert output.startswith("decision=undecided\nfailed=0\nresult_json={")
    whole = Path(output.splitlines()[-1].removeprefix("result_file="))
    assert whole.parent == tmp_path
    assert whole.read_text() == result(gated.decision)
    publish(gated, environ={**environ, "RUNNER_TEMP": str(tmp_path / "temp")})
    assert (tmp_path / "temp" / whole.name).is_file()


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The others are written all the same."""
    problems = publish(_gated(), junit_file=tmp_path, markdown_file=tmp_path / "gate.md", environ={})
    assert problems == [f"cannot write report {str(tmp_path)!r}: Is a directory"]
    assert (tmp_path / "gate.md").exists()


def test_two_reports_are_two_files(tmp_path: Path) -> None:
    """The second would overwrite the first, and nobody would see it."""
    require_different_files({"--junit": tmp_path / "a", "--markdown": tmp_path / "b", "--sarif": None})
    with pytest.raises(UsageError, match="--junit and --sarif both name"):
        require_different_files({"--junit": tmp_path / "a", "--markdown": None, "--sarif": tmp_path / "a"})
