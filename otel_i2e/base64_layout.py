"""How base64 was written: in lines, URL-safe, with JSON's or a URL's escapes; so that it can be written so again.

iVBOR…\\n…   →   Layout(width=76, newline="\\\\n")   →   w76.n5c6e
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Final, NamedTuple

__all__ = ["LAYOUT", "RUN", "Layout", "read_base64"]

_WIDEST: Final = 256
"""Characters of a line at most; what is longer before a line ends is no line of base64."""
_NARROWEST: Final = 32
_ESCAPE: Final = r"(?:\\+(?:/|u00(?:2[bBfF]|3[dD]))|%2[bBfF]|%3[dD])"
_NEWLINE: Final = r"(?:(?:\\+r)?\\+n|\r?\n)"
RUN: Final = re.compile(rf"(?:\\+/)?[A-Za-z0-9+/=_-]+(?:(?:{_ESCAPE}|{_NEWLINE})[A-Za-z0-9+/=_-]*)*")
"""A stretch of text that may be base64, in whatever layout, and what follows it on later lines."""
_PIECE: Final = r"(?:[pse][0-9a-f]*|w\d{1,3}|n[0-9a-f]+)"
LAYOUT: Final = rf"{_PIECE}(?:\.{_PIECE})*"
"""What `Layout.tokens` gives."""
PLAIN: Final = "p2b"
"""The tokens of the plain layout, where there must be some."""
_SPELLED: Final = {"+": r"\+|-|\\+u002[bB]|%2[bB]", "/": r"\\*/|_|\\+u002[fF]|%2[fF]", "=": r"=|\\+u003[dD]|%3[dD]"}
_END: Final = re.compile(r"(?:=|\\+u003[dD]|%3[dD]){1,2}")
_A_NEWLINE: Final = re.compile(_NEWLINE)


class Layout(NamedTuple):
    """How the three characters that are neither letter nor digit are spelled, and where lines end."""

    plus: str = "+"
    slash: str = "/"
    equals: str = "="
    """Empty when the padding is left out."""
    width: int = 0
    """Characters of a line as it is written; 0 is one line."""
    newline: str = ""

    def write(self, data: bytes) -> str:
        """`data` in base64, laid out so."""
        text = b64encode(data).decode("ascii")
        if self == Layout():
            return text
        if self[:3] != ("+", "/", "="):
            text = text.replace("=", self.equals).replace("/", self.slash).replace("+", self.plus)
        if not self.width:
            return text
        return self.newline.join(text[at : at + self.width] for at in range(0, len(text), self.width))

    def tokens(self) -> str:
        """For a reference; empty for the plain layout."""
        signs = (("p", "+", self.plus), ("s", "/", self.slash), ("e", "=", self.equals))
        spelled = [f"{sign}{text.encode().hex()}" for sign, usual, text in signs if text != usual]
        return ".".join([*spelled, f"w{self.width}", f"n{self.newline.encode().hex()}"] if self.width else spelled)

    @classmethod
    def of_tokens(cls, tokens: str) -> Layout:
        """The layout that `tokens` gave."""
        given = {token[0]: token[1:] for token in tokens.split(".") if token}
        text = {sign: bytes.fromhex(given[sign]).decode() for sign in "psen" if sign in given}
        return cls(
            text.get("p", "+"), text.get("s", "/"), text.get("e", "="), int(given.get("w", 0)), text.get("n", "")
        )


def read_base64(run: str) -> tuple[str, Layout, bytes] | None:
    """The part of `run`, from its beginning, that is base64; how it is laid out; and the bytes.

    None when no layout gives the same text again. A run that was cut in the middle of a group is read to the last
    whole one.
    """
    if not any(sign in run for sign in "\n\\%-_"):
        return _read_plain(run)
    width, newline, run = _lines(run)
    if (end := _END.search(run)) is not None:
        run = run[: end.end()]
    layout = Layout(_spelling(run, "+"), _spelling(run, "/"), _spelling(run, "="), width, newline)
    plain = run.replace(newline, "") if newline else run
    if layout[:3] != ("+", "/", "="):
        plain = plain.replace(layout.plus, "+").replace(layout.slash, "/")
        plain = plain.replace(layout.equals, "=") if layout.equals else plain
    return _same_as_far_as_it_goes(run, layout, plain)


def _read_plain(run: str) -> tuple[str, Layout, bytes] | None:
    """Nearly all that is met, and it may be long: no expression is looked for."""
    if (end := run.find("=")) >= 0:
        run = run[: end + 2 if run.startswith("=", end + 1) else end + 1]
    return _same_as_far_as_it_goes(run, Layout(), run)


def _same_as_far_as_it_goes(run: str, layout: Layout, plain: str) -> tuple[str, Layout, bytes] | None:
    """What is left of the last group is read too, where only its padding was left out."""
    if not plain.endswith("=") and len(plain) % 4 > 1:
        padded = plain + "=" * (-len(plain) % 4)
        if (found := _same(run, layout._replace(equals=""), padded)) is not None:
            return found
    whole = len(plain) // 4 * 4
    cut = run[: len(run) - (len(plain) - whole)] if whole < len(plain) else run
    return _same(cut.removesuffix(layout.newline), layout, plain[:whole])


def _same(run: str, layout: Layout, plain: str) -> tuple[str, Layout, bytes] | None:
    try:
        data = b64decode(plain, validate=True)
    except (Base64Error, ValueError):
        return None
    return (run, layout, data) if layout.write(data) == run else None


def _lines(run: str) -> tuple[int, str, str]:
    """Width, newline, and the lines of `run` that have this width, with the shorter one at their end."""
    first = _A_NEWLINE.search(run, 0, _WIDEST + 16)
    if first is None or not _NARROWEST <= first.start() <= _WIDEST:
        return 0, "", run[: first.start()] if (first := _A_NEWLINE.search(run)) else run
    width, newline = first.start(), first[0]
    at, end = width, len(run)
    while run.startswith(newline, at):
        begin = at + len(newline)
        later = _A_NEWLINE.search(run, begin, begin + width + len(newline) + 1)
        end = later.start() if later is not None else len(run)
        if end - begin != width:  # the last line is shorter; a longer one is none of ours
            return width, newline, run[: end if end - begin < width else at]
        at = end
    return width, newline, run[:at]


def _spelling(run: str, sign: str) -> str:
    found = re.search(_SPELLED[sign], run)
    return found[0] if found is not None else sign
