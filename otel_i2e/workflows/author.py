"""Who is at the keyboard, for records of a person's decisions."""

from __future__ import annotations

import getpass
import os

__all__ = ["author"]


def author(given: str | None = None) -> str:
    """`given`, or else `GITHUB_ACTOR`, `GITLAB_USER_LOGIN`, or this machine's user; `unknown` without one."""
    if given and given.strip():
        return given.strip()
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "unknown"
