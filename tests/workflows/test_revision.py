"""The commit under test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from otel_i2e.workflows.revision import commit_of, revision_of, since


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.test")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def commit(tmp_path: Path) -> str:
    """A repository with one file in one commit; gives the commit."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "app.py").write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    return _git(tmp_path, "rev-parse", "--short=12", "HEAD")


@pytest.mark.parametrize(
    ("file", "change"),
    [("app.py", " M app.py"), ("prompts/new.md", "?? prompts/"), ("new name.py", '?? "new name.py"')],
)
def test_what_is_not_in_the_commit_makes_it_dirty(tmp_path: Path, commit: str, file: str, change: str) -> None:
    """Tracked or not, wherever in the repository, and whatever the user's own settings of git show."""
    (tmp_path / "sub").mkdir()
    _git(tmp_path, "config", "status.showUntrackedFiles", "no")
    assert revision_of(tmp_path / "sub") == (tmp_path / "sub", commit, ())
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("2")
    assert revision_of(tmp_path / "sub") == (tmp_path / "sub", f"{commit}-dirty", (change,))


def test_our_store_and_bytecode_are_no_changes(tmp_path: Path, commit: str) -> None:
    """Nor is what the repository ignores; of many changes the first are named."""
    for file in (".i2e/i2e.duckdb", "sub/.i2e/i2e.duckdb", "pkg/__pycache__/a.pyc", "gate.xml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    (tmp_path / ".git" / "info" / "exclude").write_text("gate.xml\n")
    assert commit_of(tmp_path) == commit
    for number in range(8):
        (tmp_path / f"{number}.py").write_text("")
    assert revision_of(tmp_path).changes == (*(f"?? {number}.py" for number in range(5)), "and 3 more")


def test_what_git_cannot_tell_is_dirty(tmp_path: Path, commit: str) -> None:
    """A status that fails is no clean one."""
    (tmp_path / ".git" / "index").write_text("garbage")
    assert revision_of(tmp_path) == (tmp_path, f"{commit}-dirty", ("git status fails, or takes more than 10 s",))


def test_a_revision_that_does_not_last_is_dirty(tmp_path: Path, commit: str) -> None:
    """Files that changed meanwhile, and another commit."""
    begun = revision_of(tmp_path)
    assert since(begun) == begun
    (tmp_path / "app.py").write_text("2")
    assert since(begun)[1:] == (f"{commit}-dirty", (f"at {commit}-dirty in the end", " M app.py"))
    dirty = revision_of(tmp_path)
    _git(tmp_path, "commit", "-qam", "second")
    now = commit_of(tmp_path)
    assert since(begun)[1:] == (f"{commit}-dirty", (f"at {now} in the end",))
    assert since(dirty) == dirty


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a repository, and on a machine that has no git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
