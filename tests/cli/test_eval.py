"""`i2e eval`: what it prints; what it does is tested with the workflow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_CLI = [sys.executable, "-c", "from otel_i2e.cli.main import main; main()", "eval"]


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`i2e eval` in a project with one passing, one failing and one unchecked case."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "app.py").write_text("def answer(question):\n    print('noise')\n    return '30 days'\n")
    (tmp_path / "refunds.jsonl").write_text(
        '{"id": "good", "input": "x", "must": [{"contains": "30 days"}]}\n'
        '{"id": "bad", "input": "x", "must": [{"contains": "60 days"}], "priority": "P0"}\n'
        '{"id": "unchecked", "input": "x"}\n'
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_CLI, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
        )

    return run


def test_counts_what_failed_and_the_next_command(evaluate: Callable[..., Any]) -> None:
    """Failing cases are for the gate: the exit code is 0. What the task prints goes to stderr."""
    done = evaluate("refunds.jsonl", "--task", "app:answer", "--repeat", "2")
    assert (done.returncode, done.stderr.replace("\n", "")) == (0, "noise" * 6)  # threads interleave their lines
    rows = done.stdout.splitlines()
    assert rows[0].endswith(": 1 of 3 cases passed, 1 failed, 1 not measured, 6 runs")
    assert rows[1].startswith("✗ P0 bad  0/2  must: contains '60 days' failed")
    assert rows[2].startswith("? P1 unchecked  0/0 of 2  ")
    assert rows[3:] == [
        "Next: i2e gate",
        "Then: put `import otel_i2e.auto` first in your application and run it   # nothing is recorded yet",
    ]


def test_json_is_the_experiment(evaluate: Callable[..., Any]) -> None:
    """With every attempt."""
    body = json.loads(evaluate("refunds.jsonl", "--task", "app:answer", "--case", "good", "--json").stdout)
    assert body["runs"][0]["attempts"][0]["passed"] is True


def test_a_task_is_required(i2e: Callable[..., Any]) -> None:
    """With an example in the help."""
    ran = i2e("eval", "refunds.jsonl")
    assert ran.code == 2
    assert "--task" in ran.err
