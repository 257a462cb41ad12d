"""What `i2e init` lays out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from otel_i2e.config import load_settings
from otel_i2e.errors import UsageError
from otel_i2e.workflows.dataset_file import read_dataset
from otel_i2e.workflows.rules import read_rules
from otel_i2e.workflows.scaffold import FILES, init
from otel_i2e.workflows.scorers import judge_settings, load_scorers


def test_a_new_project_has_every_file(tmp_path: Path) -> None:
    """And the commands that come next, the first of which enters it."""
    layout = init(tmp_path / "shop")
    assert layout.written == (*FILES, ".gitignore")
    assert layout.left == ()
    assert layout.next[0] == f"cd {tmp_path / 'shop'}"
    assert all((tmp_path / "shop" / name).read_text() for name in layout.written)
    assert (tmp_path / "shop" / ".gitignore").read_text().splitlines() == [
        ".i2e/",
        "__pycache__/",
        "/gate.xml",
        "/gate.md",
    ]


def test_nothing_that_is_there_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time everything is left; `.gitignore` only gets the lines that it lacks."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("mine")
    Path(".gitignore").write_text("secrets\n.i2e")
    layout = init(Path())
    assert layout.left == ("app.py",)
    assert layout.next[0].startswith("put `import otel_i2e.auto` first")
    assert Path("app.py").read_text() == "mine"
    assert Path(".gitignore").read_text() == "secrets\n.i2e\n__pycache__/\n/gate.xml\n/gate.md\n"
    again = init(Path())
    assert again.written == ()
    assert again.left == (*FILES, ".gitignore")


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "shop").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        init(tmp_path / "shop")


def test_the_gate_of_the_workflow_runs_whenever_the_evaluation_did(tmp_path: Path) -> None:
    """Also when it ended with 2: no report would say why. The evaluation's own failure still fails the job."""
    init(tmp_path)
    text = (tmp_path / ".github" / "workflows" / "i2e.yml").read_text()
    evaluate, gate = text[text.index("- name: Evaluate") :].split("- name: Gate")
    assert "id: evaluate" in evaluate
    assert "continue-on-error" not in text
    assert "if: ${{ always() && steps.evaluate.outcome != 'skipped' }}" in gate.partition("- name:")[0]


def test_every_setting_in_the_file_is_valid_also_those_that_are_commented_out(tmp_path: Path) -> None:
    """A line whose comment sign is taken off does not break the project."""
    init(tmp_path)
    path = tmp_path / "i2e.toml"
    load_settings({}, config=path)
    text = re.sub(r"^# (?=(\[\[?\w+\]\]?|\w+ = .*)$)", "", path.read_text(), flags=re.MULTILINE)
    assert len(tomllib.loads(text)) > len(tomllib.loads(path.read_text()))
    path.write_text(text)
    settings = load_settings({}, config=path)
    assert judge_settings(settings).timeout == 60.0
    (rule,) = read_rules(settings)
    assert rule.scorers[0] in load_scorers(settings)


def test_the_example_dataset_checks_something(tmp_path: Path) -> None:
    """Every case, without a judge, in all three priorities."""
    init(tmp_path)
    cases = read_dataset(tmp_path / "evals" / "example.jsonl")
    assert {case.priority for case in cases} == {"P0", "P1", "P2"}
    assert all(case.checks_something for case in cases)
    assert not any(isinstance(entry, str) for case in cases for entry in (*case.must, *case.must_not))
