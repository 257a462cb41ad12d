"""Text that stands inside of a text as base64: an attached file, a value of a Kubernetes Secret.

A blob is written to disk as the bytes that its base64 stands for, so what is hidden here would lie there in the clear.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Final

import re2

__all__ = ["without_secrets"]

_re2: Final[Any] = re2  # no types of its own
_LEAST: Final = 28
"""Characters of base64: the shortest token that has a shape of its own is 20 bytes long."""
_NEWLINE: Final = re.compile(r"(?:\\+[rn]|[\r\n])+")
_RUN: Final = _re2.compile(rf"[A-Za-z0-9+/_\-]{{{_LEAST},}}(?:(?:\\+[rn]|[\r\n])+[A-Za-z0-9+/_\-]{{4,}})*={{0,2}}")
_SIGN: Final = _re2.compile(rf"[A-Za-z0-9+/_\-]{{{_LEAST}}}")
_PEEK: Final = 64
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def without_secrets(text: str, clean: Callable[[str], str]) -> str:
    """`text` with each run of base64 that stands for UTF-8 encoded anew when `clean` changes what it stands for."""
    pieces: list[str] = []
    at = 0
    for match in _RUN.finditer(text) if _SIGN.search(text) else ():
        begin, end = match.span()
        if (mended := _mended(text[begin:end], clean)) is not None:
            pieces += (text[at:begin], mended)
            at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def _mended(run: str, clean: Callable[[str], str]) -> str | None:
    """The run without secrets; None when it has none. Lines that are no base64 together may be each by itself."""
    if (inner := _decoded(run)) is None:
        lines = _NEWLINE.split(run)
        mended = [_mended(line, clean) for line in lines] if len(lines) > 1 else []
        if all(line is None for line in mended):
            return None
        return "\n".join(line if new is None else new for line, new in zip(lines, mended, strict=True))
    mended_text = clean(inner)
    return None if mended_text == inner else b64encode(mended_text.encode()).decode("ascii")


def _decoded(run: str) -> str | None:
    """The text that `run` stands for; None when that is no text."""
    head = run[:_PEEK].encode().translate(_URL_SAFE)
    if b"\n" not in head and b"\\" not in head and not _is_text(b64decode(head[: len(head) // 4 * 4] or b"AAAA")):
        return None  # an image, a digest, a name: nearly all that is met
    data = _NEWLINE.sub("", run).rstrip("=").encode().translate(_URL_SAFE)
    try:
        return b64decode(data[: len(data) - (len(data) % 4 == 1)] + b"=" * (-len(data) % 4 % 3)).decode()
    except ValueError:
        return None


def _is_text(data: bytes) -> bool:
    """Whether `data` may be the beginning of text in UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return False
        text = data[: error.start].decode()
    return all(character.isprintable() or character in "\t\n\r" for character in text)
