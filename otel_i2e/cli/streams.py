"""The streams of a command: neither a reader that leaves nor a console of few characters changes what it comes to.

i2e gate | head        what nobody reads is not printed; the exit code is the gate's
i2e gate >&-           the same
i2e gate > /dev/full   one line on stderr, and never exit code 0
a cp1252 console       what it cannot show is written in plain characters
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

__all__ = ["Streams", "speaks_unicode", "streams"]

_PLAIN: Final = {
    **dict.fromkeys("─━═–—−", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼┏┓┗┛┡┩╇", "+"),
    **dict.fromkeys("✗✘×❌", "x"),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("µμ", "u"),
    "✓": "v",
    "→": "->",
    "←": "<-",
    "►": ">",
    "…": "...",
    "·": "*",
    "¦": "!",
    "⏎": "\\n",
}
"""What our own words use, and people's most; other letters lose their accents, and the rest is a question mark."""
_NOBODY_READS: Final = frozenset({errno.EPIPE, *([errno.EINVAL] if sys.platform == "win32" else [])})


class Streams:
    """What became of the output of a command."""

    def __init__(self) -> None:
        self.lost: str | None = None
        """Why some of it could not be written; None also when nobody wanted it."""

    def settle(self) -> None:
        """Write what is still held back."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(ValueError):  # closed by what ran
                stream.flush()


@contextmanager
def streams() -> Generator[Streams]:
    """Standard streams that can always be written to, for as long as a command runs."""
    codecs.register_error("i2e-plain", _plain)
    before = sys.stdin, sys.stdout, sys.stderr
    found = Streams()
    sys.stdin = sys.stdin or _nowhere(os.O_RDONLY)
    sys.stdout, sys.stderr = (_patient(stream, found) for stream in (sys.stdout, sys.stderr))
    try:
        yield found
    finally:
        found.settle()
        sys.stdin, sys.stdout, sys.stderr = before


def speaks_unicode(stream: TextIO) -> bool:
    """Whether every character can be written to it."""
    return (stream.encoding or "").lower().replace("_", "-").startswith("utf")


def _nowhere(flags: int) -> TextIO:
    """In place of a stream that was closed before we began, with its number: no file may get it."""
    number = os.open(os.devnull, flags)
    os.set_inheritable(number, True)  # noqa: FBT003 -- os has no name for it
    raw = io.FileIO(number, "r" if flags == os.O_RDONLY else "w", closefd=False)
    held = io.BufferedReader(raw) if flags == os.O_RDONLY else io.BufferedWriter(raw)
    return io.TextIOWrapper(held, "utf-8")


class _Patient(io.RawIOBase):
    """Bytes for a stream whose reader may leave."""

    def __init__(self, raw: io.RawIOBase, told: Streams) -> None:
        self._raw, self._told = raw, told

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Any, /) -> int | None:
        try:
            return self._raw.write(data)
        except OSError as error:
            if error.errno not in _NOBODY_READS:
                self._told.lost = self._told.lost or error.strerror or str(error)
        return len(data)


def _patient(stream: Any, told: Streams) -> Any:
    """The same stream, or one in its place; a stream of a test's, without bytes below it, is left as it is."""
    if stream is None:
        return _nowhere(os.O_WRONLY)
    held = getattr(stream, "buffer", None)
    raw = getattr(held, "raw", None) if type(held) is io.BufferedWriter else held
    if isinstance(raw, io.RawIOBase):  # the bytes themselves, where Python was told not to buffer
        lines = stream.line_buffering
        held = io.BufferedWriter(_Patient(raw, told))
        stream = io.TextIOWrapper(held, stream.encoding, stream.errors, line_buffering=lines, write_through=not lines)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="i2e-plain")
    return stream


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain_char, error.object[error.start : error.end])), error.end


def _plain_char(char: str) -> str:
    """In ASCII. What is no letter becomes no other sign: a full-width colon begins a command of GitHub's as little."""
    if (known := _PLAIN.get(char)) is not None:
        return known
    bare = unicodedata.normalize("NFKD", char) if char.isalpha() else ""
    return "".join(one for one in bare if one.isascii()) or "?"
