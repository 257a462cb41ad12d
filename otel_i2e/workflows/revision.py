"""The version of the application that is under test, as git names it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Revision", "commit_of", "revision_of", "since"]

_PATIENCE: Final = 10.0
"""Seconds for one git command: a huge repository is not worth a longer wait."""
_OURS: Final = (":(top)", ":(top,exclude,glob)**/.i2e/**", ":(top,exclude,glob)**/__pycache__/**")
"""All but our store beside the code, and what Python derives from the code."""
_MOST_SAID: Final = 5


class Revision(NamedTuple):
    """What a directory holds."""

    folder: Path
    """The directory."""
    commit: str | None
    """12 hex digits of the commit, `-dirty` unless it is known that nothing has changed; None outside git."""
    changes: tuple[str, ...]
    """What has changed, as `git status --porcelain` says it, a few lines of it; or why that is not known."""


def commit_of(folder: Path | None = None) -> str | None:
    """The commit of `folder`, as in a `Revision`."""
    return revision_of(folder).commit


def revision_of(folder: Path | None = None) -> Revision:
    """The revision of `folder` (default: the working directory). Files that git does not know are changes, too.

    No commit outside git, before the first commit, and without git.
    """
    folder = folder or Path.cwd()
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return Revision(folder, None, ())
    said = _git(folder, "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=none", "--", *_OURS)
    if said is None:
        return Revision(folder, f"{commit}-dirty", (f"git status fails, or takes more than {_PATIENCE:g} s",))
    changes = said.splitlines()
    more = [f"and {len(changes) - _MOST_SAID} more"] if len(changes) > _MOST_SAID else []
    return Revision(folder, f"{commit}-dirty" if changes else commit, (*changes[:_MOST_SAID], *more))


def since(begun: Revision) -> Revision:
    """The revision that held from then until now: dirty when it was, or when it is another one now."""
    now = revision_of(begun.folder)
    if begun.commit is None or now.commit == begun.commit:
        return begun
    changes = begun.changes or (f"at {now.commit or 'no commit'} in the end", *now.changes)
    return Revision(begun.folder, f"{begun.commit.removesuffix('-dirty')}-dirty", changes)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- our own arguments
            ["git", *arguments],  # noqa: S607 -- the user's git
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.rstrip()
