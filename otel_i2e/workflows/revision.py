"""The version of the application that is under test, as git names it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

__all__ = ["commit_of"]

_PATIENCE: Final = 10.0
"""Seconds for one git command: a huge repository is not worth a longer wait."""


def commit_of(folder: Path | None = None) -> str | None:
    """The commit of `folder` (default: the working directory), 12 hex digits, `-dirty` when tracked files changed.

    None outside git, without a commit, or without git.
    """
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    return f"{commit}-dirty" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit


def _git(folder: Path | None, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- our own arguments
            ["git", *arguments],  # noqa: S607 -- the user's git
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
