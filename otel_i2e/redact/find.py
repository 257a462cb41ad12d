"""Where in a text the secrets are.

RE2 looks for all shapes at once, in one pass whose time grows with the text and nothing else; only shapes that are
there are looked for again, to know where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import re2

from otel_i2e.errors import ConfigError
from otel_i2e.redact.library import library_shapes, secret_in
from otel_i2e.redact.shapes import SHAPES

__all__ = ["MARKER_BEGINS", "Finder", "Found", "expression", "replaced", "taken_out", "unescaped"]

_re2: Final[Any] = re2  # no types of its own
_ESCAPED: Final = re.compile(r"(?<!\\)\\+(?:u00(2[013-9a-fA-F]|[346][0-9a-fA-F]|5[0-9abd-fABD-F]|7[0-9a-eA-E])|/)")
_LETTERS: Final = re.compile(r"(?<!\\)\\+(?:[bfnrt]|u[0-9a-fA-F]{4})")
_MEMORY: Final = 128 * 1024 * 1024  # bytes that the set may take; with too few it says that nothing is there
MARKER_BEGINS: Final = "[redacted:"
"""How every marker begins that stands in place of a secret."""
_MARKER: Final = re.compile(re.escape(MARKER_BEGINS) + r"([^\]\n]+)\]")


class Found(NamedTuple):
    """A secret in a text."""

    begin: int
    end: int
    kind: str


class _Pattern(NamedTuple):
    kind: str
    compiled: Any
    where: Callable[[Any], tuple[int, int]]
    check: Callable[[str], bool] | None = None
    loose: bool = False


class Finder:
    """Looks for the user's `patterns` (kind, expression of RE2), our shapes and the library's."""

    def __init__(self, patterns: Iterable[tuple[str, str]] = ()) -> None:
        known = [_Pattern(kind, expression(kind, pattern), _group) for kind, pattern in patterns]
        known += [_Pattern(one.kind, expression(one.kind, one.pattern), _group, one.check, one.loose) for one in SHAPES]
        for kind, pattern in library_shapes():
            try:
                known.append(_Pattern(kind, expression(kind, pattern), secret_in))
            except ConfigError:  # it looks around, as RE2 does not: public IP addresses
                continue
        self._known = known
        self._all = _re2.Set.SearchSet(_options())
        for one in known:
            self._all.Add(one.compiled.pattern)
        self._all.Compile()

    @property
    def kinds(self) -> list[str]:
        """Every kind that it looks for, sorted."""
        return sorted({one.kind for one in self._known})

    def find(self, text: str, *, loose: bool = True) -> list[Found]:
        """Secrets from left to right, none within another; `loose` ones only if asked for."""
        text = _apart_from_escapes(text)
        there: list[int] = self._all.Match(text) or []  # None when none is
        return _apart([found for place in sorted(there) for found in _each(self._known[place], text, loose)])


def expression(kind: str, pattern: Any) -> Any:
    """`pattern`, compiled. Raises ConfigError."""
    try:
        return _re2.compile(pattern, _options())
    except Exception as error:  # noqa: BLE001 -- RE2's own, or a TypeError
        raise ConfigError(
            f"[redact]: pattern {kind!r} = {pattern!r} is no regular expression of RE2: {error}"
        ) from None


def _options() -> Any:
    options = _re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def replaced(text: str, found: Sequence[Found]) -> str:
    """`text` with a marker in place of each."""
    pieces: list[str] = []
    at = 0
    for begin, end, kind in found:
        pieces += (text[at:begin], f"[redacted:{kind}]")
        at = end
    return "".join([*pieces, text[at:]])


def taken_out(text: str) -> list[str]:
    """The kind of each secret that a redactor took out of `text`, in order; `error` of a value that it dropped."""
    return _MARKER.findall(text) if MARKER_BEGINS in text else []


def unescaped(text: str) -> str:
    """`text` without JSON escapes that JSON does not need: some encoders write `=` as `\\u003d` and `/` as `\\/`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else "/", text) if "\\" in text else text


def _apart_from_escapes(text: str) -> str:
    """`text`, as long as it was, with line ends for JSON's `\\n`, `\\u0141` and the like: letters of an escape are not
    those of the word that follows.
    """
    return _LETTERS.sub(lambda match: "\n" * len(match[0]), text) if "\\" in text else text


def _each(pattern: _Pattern, text: str, loose: bool) -> Iterable[Found]:
    if pattern.loose and not loose:
        return
    for match in pattern.compiled.finditer(text):
        begin, end = pattern.where(match)
        is_new = begin < end and not text.startswith(MARKER_BEGINS, begin)
        if is_new and (pattern.check is None or pattern.check(text[begin:end])):
            yield Found(begin, end, pattern.kind)


def _group(match: Any) -> tuple[int, int]:
    """The first group is the secret; without groups, all of the match is."""
    return match.span(1 if match.re.groups and match.group(1) is not None else 0)


def _apart(found: list[Found]) -> list[Found]:
    """Those that overlap are one, under the name of the first that was found there."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: one.begin):  # stable: the order of finding decides
        if apart and one.begin < apart[-1].end:
            last = apart[-1]
            apart[-1] = Found(last.begin, max(last.end, one.end), last.kind)
        else:
            apart.append(one)
    return apart
