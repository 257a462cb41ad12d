"""Images and files inside of text, as base64 → references to them, and back.

    …;base64,iVBORw0KGgo…   →   …;base64,i2e-blob:image/png:5120:9f86d0…

What is taken out is the base64 alone, wherever it stands: in a data URL, in JSON, in JSON inside of JSON. So the text
around it stays what it was, byte for byte, `restored` gives the whole back, and no dialect has to be known. What is
declared to be an image or a file (`declared_blobs.py`) goes whatever its length, what looks like one if it is long.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from otel_i2e.base64_layout import LAYOUT, PLAIN, RUN, Layout, read_base64
from otel_i2e.declared_blobs import LEAST, PAYLOADS, declared_type, siblings

__all__ = ["MIN_CHARACTERS", "REFERENCE", "SHORTEST", "Blob", "Keep", "lifted", "lifted_value", "reference", "restored"]

MIN_CHARACTERS: Final = 512
"""Base64 that is shorter and that nothing declares to be a blob stays."""
SHORTEST: Final = 32
"""A text that is shorter holds none: neither a data URL nor JSON with `LEAST` characters of base64."""
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
_SIGNS: Final = (*_TYPES, "_9j_", "\\/9j\\")
_URL_SIGN: Final = ";base64,"
_URL_START: Final = re.compile(r"(?:data:([\w.+-]++/[\w.+-]++)[^,\s\"'<>]{0,80})?;base64,(?:\\+n|\r?\n)?(?!i2e-blob:)")
_START: Final = re.compile(
    rf"(?<![A-Za-z0-9+/=])(?=_9j_|{'|'.join(_TYPES)})"
    r"|(?<![A-Za-z0-9+/=\\])(?=\\++/9j\\+/)"  # a run of backslashes is looked at once, not from each of them
)
_QUOTED: Final = 64
"""Characters of base64 from one quote to the other that begins like a known kind of file."""
_FIELD: Final = rf"<({'|'.join(PAYLOADS)})(\\*+)<\s*+:\s*+b?\2<(?=[A-Za-z0-9+/_\\-]{{{LEAST}}})"
"""A field and its value's quote, `<` standing for it, with groups for its name and for how quotes are escaped."""
_QUOTED_STARTS: Final = (
    re.compile(_FIELD.replace("<", '"')),
    re.compile("'(?:" + _FIELD[1:].replace("<", "'") + rf"|(?={'|'.join(_TYPES)}|_9j_))"),
)
"""As JSON has it; and as programs print their objects, there also what begins like a file. Each is fast because one
character stands at its beginning."""
_DEEPEST: Final = 64
"""Backslashes before a quote at most: six levels of JSON inside of JSON."""
_ELLIPSES: Final = ("...", "…")
"""What stands behind base64 that its author shortened: that is no image."""
_ANONYMOUS_START: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])()(?=[A-Za-z0-9+/_-]{32})")
REFERENCE: Final = re.compile(rf"i2e-blob:([\w.+/-]*):(\d{{1,12}}):([0-9a-f]{{64}})(?::({LAYOUT});)?")
"""Media type (empty: not known), size in bytes, SHA-256 in hex; and the layout, unless it is base64 in one line."""


Keep = Callable[[str, bytes], bool | None]
"""Is given the SHA-256 and the bytes of each blob; False when it takes no more: that one stays where it is."""


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


def lifted(text: str, keep: Keep) -> str:
    """`text` with references in place of base64."""
    if len(text) < SHORTEST:
        return text
    if _URL_SIGN in text:
        text = _lifted(text, _URL_START, keep, _of_url)
    for quoted in _QUOTED_STARTS:
        if quoted.search(text) is not None:
            text = _lifted(text, quoted, keep, _of_quoted)
    if len(text) < MIN_CHARACTERS or not _may_hold_base64(text):
        return text
    if any(sign in text for sign in _SIGNS):
        text = _lifted(text, _START, keep, _of_known_kind)
    return _lifted(text, _ANONYMOUS_START, keep, _of_any_kind) if len(text) >= _ANONYMOUS else text


def lifted_value(text: str, media_type: str, keep: Keep) -> str:
    """`text`, which is declared to be a blob as a whole, as a reference; itself when it is no base64."""
    if (read := read_base64(text)) is None or len(read[0]) != len(text):
        return text
    _, layout, data = read
    made = _reference(_media_type(data) or media_type, data, keep)
    tokens = layout.tokens()
    return text if made is None else f"{made}:{tokens};" if tokens else made


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


class _Found(NamedTuple):
    """Base64 in a text."""

    start: re.Match[str]
    """What stands before it."""
    base64: str
    end: int
    layout: Layout
    data: bytes


def _lifted(text: str, start: re.Pattern[str], keep: Keep, media_type: Callable[[str, _Found], str | None]) -> str:
    """`text` with references in place of base64, wherever `start` says that some may begin; `media_type` is None for
    what is to stay, and empty for what is not known."""
    pieces: list[str] = []
    done = at = 0
    while (begins := start.search(text, at)) is not None:
        begin = begins.end()
        if (run := RUN.match(text, begin)) is None:
            at = begin + 1
            continue
        at = run.end()
        if (read := read_base64(run[0])) is None:
            continue
        found = _Found(begins, read[0], begin + len(read[0]), *read[1:])
        if (kind := media_type(text, found)) is None or (made := _reference(kind, found.data, keep)) is None:
            continue
        pieces += (text[done:begin], made)
        done = at = found.end
        tokens = found.layout.tokens() or (PLAIN if text.startswith(":", done) else "")
        pieces.append(f":{tokens};" if tokens else "")
    return "".join([*pieces, text[done:]]) if pieces else text


def _of_url(text: str, found: _Found) -> str | None:
    declared: str | None = found.start[1]
    if len(found.base64) < (MIN_CHARACTERS if declared is None else LEAST):
        return None
    if len(found.base64) < MIN_CHARACTERS and text.startswith(_ELLIPSES, found.end):
        return None
    return declared or _media_type(found.data)


def _of_quoted(text: str, found: _Found) -> str | None:
    """From one quote to the other, unless the text ends before."""
    if found.end < len(text) and text[found.end : found.end + _DEEPEST].lstrip("\\")[:1] != found.start[0][0]:
        return None
    known = _media_type(found.data)
    if (field := found.start[1]) is None:
        return known if known and len(found.base64) >= _QUOTED else None
    declared = declared_type(field, *siblings(text, found.start.start(), found.end))
    return declared if declared is None else known or declared


def _of_known_kind(_text: str, found: _Found) -> str | None:
    return _media_type(found.data) if _is_content(found, MIN_CHARACTERS) else None


def _of_any_kind(_text: str, found: _Found) -> str | None:
    return _media_type(found.data) if _is_content(found, _ANONYMOUS) else None


def _is_content(found: _Found, least: int) -> bool:
    """Long enough; and no list of hashes, each on a line of its own."""
    if len(found.base64) < least:
        return False
    letters = found.base64.replace(found.layout.newline, "") if found.layout.width else "aA"
    return not (letters.islower() or letters.isupper())


def _reference(media_type: str, data: bytes, keep: Keep) -> str | None:
    digest = sha256(data).hexdigest()
    return None if keep(digest, data) is False else f"i2e-blob:{media_type}:{len(data)}:{digest}"


def _media_type(data: bytes) -> str:
    if data.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], "")
    head = b64encode(data[:12]).decode("ascii")
    return next((media_type for begin, media_type in _TYPES.items() if head.startswith(begin)), "")
