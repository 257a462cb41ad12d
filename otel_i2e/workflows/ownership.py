"""Whose the files are that root makes beside somebody's store: the owner's, who could not use them otherwise.

SQLite does so with what it makes beside its file. `sudo i2e import` would else stop the ingest of a service.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["give_to_owner", "make_folder"]


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, each with the owner of the one that it lies in. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):  # another process, meanwhile
        folder.mkdir()
        give_to_owner(folder)


def give_to_owner(path: Path) -> None:
    """Where this is root, give `path` to the owner of the folder that it lies in. Raises nothing."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        with suppress(OSError):  # a file system without owners, or one that does not believe this root: it works there
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
