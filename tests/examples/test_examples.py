"""Every numbered example runs from top to bottom, in a process of its own, and shows what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOWN = {
    "01_record.py": ["the API said: ", "anthropic.messages.create", "claude-haiku-4-5"],
    "02_query.py": ["ok  long_answers", "ana\tv1\tYes! Our 120-day policy", "by_prompt_version"],
    "03_score_online.py": ["cites_only_sources\tscored\t2", "not retrieved: returns-extended", "$ i2e score"],
    "04_promote.py": ["1 of 1 rows proposed for refunds", "is a test now", '"must": [{"contains": "30 days"}]'],
    "05_gate_in_ci.py": ["prompt v1: exit 1", "gate: pass", "prompt v2: exit 0"],
}


def test_every_numbered_example_is_tested_and_listed() -> None:
    """A new example needs a line here and one in the README beside it."""
    numbered = sorted(path.name for path in EXAMPLES.glob("[0-9]*.py"))
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert numbered == sorted(SHOWN)
    assert all(f"]({name})" in listed for name in numbered)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    """It ends with 0, shows its results, and writes nowhere but into its output folder."""
    before = set(EXAMPLES.rglob("*"))
    env = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    done = subprocess.run(
        [sys.executable, "-B", str(EXAMPLES / name)],
        env={**env, "EXAMPLES_OUT": str(tmp_path / "out"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for text in SHOWN[name]:
        assert text in done.stdout, done.stdout
    assert set(EXAMPLES.rglob("*")) == before
