"""`i2e init`: a new project works as it is laid out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_it_says_what_it_wrote_and_left_and_what_comes_next(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines are the loop; an application of one's own is recorded as it is run."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("mine")
    out = i2e("init").out
    assert "wrote i2e.toml" in out
    assert "left  app.py (it was there already)" in out
    assert [row.strip() for row in out.splitlines()[-8:]] == [
        "Next, along the loop:",
        "put `import otel_i2e.auto` first in your application and run it",
        "i2e traces",
        "i2e query run failing_answers",
        "i2e promote failing_answers --dataset example",
        "i2e review list",
        "i2e eval evals/example.jsonl --task app:answer",
        "i2e gate",
    ]
    assert json.loads(i2e("init", "shop", "--json").out)["next"][:2] == ["cd shop", "python app.py"]


def test_a_new_project_checks_evaluates_and_passes_its_gate(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that it names, and the checks of its query and scorers, in an empty directory without a key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    i2e("init")
    for arguments, says in (
        (["dataset", "check"], "3 cases, nothing wrong"),
        (["scorers"], "is_brief"),
        (["query", "check"], "failing_answers"),
    ):
        ran = i2e(*arguments)
        assert (ran.code, ran.err) == (0, ""), arguments
        assert says in ran.out
    command = "from otel_i2e.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "eval", "evals/example.jsonl", "--task", "app:answer", "--repeat", "2"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3 cases passed" in done.stdout
    ran = i2e("gate", "--junit", "gate.xml")
    assert ran.code == 0
    assert "gate: pass (exit 0)" in ran.out
    assert (tmp_path / "gate.xml").exists()
