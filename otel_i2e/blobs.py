"""Images and files inside of text, as base64 → references to them, and back.

    …;base64,iVBORw0KGgo…   →   …;base64,i2e-blob:image/png:5120:9f86d0…

What is taken out is the base64 alone, wherever it stands: in a data URL, in JSON, in JSON inside of JSON. So the text
around it stays what it was, byte for byte, `restored` gives the whole back, and no dialect has to be known.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from otel_i2e.base64_layout import LAYOUT, PLAIN, RUN, Layout, read_base64

__all__ = ["MIN_CHARACTERS", "REFERENCE", "Blob", "lifted", "reference", "restored"]

MIN_CHARACTERS: Final = 512
"""Base64 that is shorter stays: a file of its own would take more room."""
_STRETCH: Final = MIN_CHARACTERS // 2
_ANONYMOUS: Final = 16_384
"""Characters of base64 that says nothing of what it is; shorter ones are signatures and tokens, which stay."""
_TYPES: Final = {
    "iVBORw0KGg": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "",  # WebP or WAV: see `_media_type`
    "JVBERi": "application/pdf",
    "UEsDB": "application/zip",
    "SUQz": "audio/mpeg",
    "T2dnU": "audio/ogg",
    "ZkxhQ": "audio/flac",
}
"""How the base64 of a file begins, in characters that the bytes after its signature have no part in → media type."""
_SIGNS: Final = (";base64,", *_TYPES, "_9j_", "\\/9j\\")
_START: Final = re.compile(
    r"(?:data:([\w.+-]++/[\w.+-]++)[^,\s\"'<>]{0,80})?;base64,(?:\\+n|\r?\n)?"
    rf"|(?<![A-Za-z0-9+/=])(?=_9j_|{'|'.join(_TYPES)})"
    r"|(?<![A-Za-z0-9+/=\\])(?=\\++/9j\\+/)"  # a run of backslashes is looked at once, not from each of them
)
_ANONYMOUS_START: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])()(?=[A-Za-z0-9+/_-]{32})")
REFERENCE: Final = re.compile(rf"i2e-blob:([\w.+/-]*):(\d{{1,12}}):([0-9a-f]{{64}})(?::({LAYOUT});)?")
"""Media type (empty: not known), size in bytes, SHA-256 in hex; and the layout, unless it is base64 in one line."""


class Blob(NamedTuple):
    """What a reference stands for."""

    media_type: str
    """Empty when it is not known."""
    size: int
    """Bytes."""
    sha256: str
    """64 hex digits: the name of the content."""


def reference(text: object) -> Blob | None:
    """The blob that `text`, a data URL's or a bare one, refers to; None when it is no reference."""
    if not isinstance(text, str) or len(text) > 400 or (found := REFERENCE.search(text)) is None:
        return None
    return Blob(found[1], int(found[2]), found[3]) if found.end() == len(text) else None


def lifted(text: str, keep: Callable[[str, bytes], None]) -> str:
    """`text` with references in place of base64; `keep` is given the SHA-256 and the bytes of each."""
    if len(text) < MIN_CHARACTERS or not _may_hold_base64(text):
        return text

    if any(sign in text for sign in _SIGNS):
        text = _lifted(text, _START, MIN_CHARACTERS, keep)
    return _lifted(text, _ANONYMOUS_START, _ANONYMOUS, keep) if len(text) >= _ANONYMOUS else text


def restored(text: str, content: Callable[[str], bytes | None]) -> str:
    """`text` as it was before `lifted`; `content` gives the bytes of a SHA-256, or None: that reference stays."""

    def restore(found: re.Match[str]) -> str:
        data = content(found[3])
        return found[0] if data is None else Layout.of_tokens(found[4] or "").write(data)

    return REFERENCE.sub(restore, text)


def _may_hold_base64(text: str) -> bool:
    """Whether a stretch of text has neither space nor quote: 2 µs for 5 kB, where looking for signs takes 40.

    A run of `MIN_CHARACTERS` covers at least one whole stretch of half as many.
    """
    for at in range(0, len(text) - _STRETCH + 1, _STRETCH):
        if text.find(" ", at, at + _STRETCH) < 0 and text.find('"', at, at + _STRETCH) < 0:
            return True
    return False


def _lifted(text: str, start: re.Pattern[str], least: int, keep: Callable[[str, bytes], None]) -> str:
    """`text` with references in place of base64 of `least` characters, wherever `start` says that some may begin."""
    pieces: list[str] = []
    done = at = 0
    while (found := start.search(text, at)) is not None:
        begin = found.end()
        if (run := RUN.match(text, begin)) is None:
            at = begin + 1
            continue
        at = run.end()
        if at - begin >= least and (read := read_base64(run[0])) is not None and _is_content(read, least):
            base64, layout, data = read
            pieces += (text[done:begin], _reference(found[1] or _media_type(data), data, keep))
            done = at = begin + len(base64)
            tokens = layout.tokens() or (PLAIN if text.startswith(":", done) else "")
            pieces.append(f":{tokens};" if tokens else "")
    return "".join([*pieces, text[done:]]) if pieces else text


def _is_content(read: tuple[str, Layout, bytes], least: int) -> bool:
    """Long enough; and no list of hashes, each on a line of its own."""
    base64, layout, _ = read
    letters = base64.replace(layout.newline, "") if layout.width else "aA"
    return len(base64) >= least and not (letters.islower() or letters.isupper())


def _reference(media_type: str, data: bytes, keep: Callable[[str, bytes], None]) -> str:
    digest = sha256(data).hexdigest()
    keep(digest, data)
    return f"i2e-blob:{media_type}:{len(data)}:{digest}"


def _media_type(data: bytes) -> str:
    if data.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], "")
    head = b64encode(data[:12]).decode("ascii")
    return next((media_type for begin, media_type in _TYPES.items() if head.startswith(begin)), "")
