"""The commit under test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from otel_i2e.workflows.revision import commit_of


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.test")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_commit_and_changes_since(tmp_path: Path) -> None:
    """Tracked files that changed make it dirty; new files, such as reports, do not."""
    _git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None
    (tmp_path / "app.py").write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    commit = _git(tmp_path, "rev-parse", "--short=12", "HEAD")
    (tmp_path / "gate.xml").write_text("")
    assert commit_of(tmp_path) == commit
    (tmp_path / "app.py").write_text("2")
    assert commit_of(tmp_path) == f"{commit}-dirty"


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a repository, and on a machine that has no git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
