"""The one way to a stream: in GitHub Actions, text that is printed gives the runner no command.

The runner takes a line that begins with `::` for a command, and `##[` anywhere in it (actions/runner,
src/Runner.Common/ActionCommand.cs): a zero-width space inside makes it text. What shall be a command goes by
`command_of_ours`.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Final

__all__ = ["command_of_ours", "echo", "inert_json"]

_COMMAND: Final = re.compile(r"((?:^|[\r\n])\s*:)(?=:)|##(?=\[)")


def echo(text: str, *, err: bool = False) -> None:
    """`text` as a line, or several."""
    inside = bool(os.environ.get("GITHUB_ACTIONS"))
    _write(_COMMAND.sub("\\g<0>\u200b", text) if inside else text, err=err)


def command_of_ours(text: str, *, err: bool = False) -> None:
    """A line that GitHub's runner shall take for a command."""
    _write(text, err=err)


def inert_json(text: str) -> str:
    """The same JSON, in which no command stands: there it can stand inside strings only."""
    return text.replace("##[", "##\\u005b")


def _write(text: str, *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()
