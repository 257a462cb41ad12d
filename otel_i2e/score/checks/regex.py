"""`regex`: a regular expression matches somewhere in the output.

The engine is RE2: its time is linear in the text, so no answer can make a pattern run for hours. It has
no back-references and no look-around (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2  # pyright: ignore[reportMissingTypeStubs] -- google-re2 ships none

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown, verdict
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told
from otel_i2e.score.text import visible

__all__ = ["compiled", "regex"]

_re2: Any = re2
_ANYTHING: Final = (b"", b"\x01q\x02\n#")
"""Two texts that have nothing in common."""


class Pattern(Contract):
    """A pattern in RE2's syntax."""

    pattern: str
    """Searched for anywhere, in the text as it is and without characters that show nothing; anchor it with ^ and $."""
    ignore_case: bool = False
    """Whether case does not matter."""


def regex(argument: Any) -> Scorer:
    """`"\\\\d+ days"` or `{"pattern": …, "ignore_case": true}`."""
    wanted = read_argument("regex", Pattern, argument, short="pattern")
    search = compiled(wanted.pattern, ignore_case=wanted.ignore_case, encoded=True).search
    if all(search(text) for text in _ANYTHING):
        raise ScorerError(
            f"regex: {shown(wanted.pattern)} matches every text; give one that some answer does not match"
        )
    no_match = verdict(holds=False, why="no match")

    def check(output: str) -> Score:
        """The output matches this regular expression."""
        match = search(output.encode())
        if match is None and not output.isascii() and (shows := visible(output)) != output:
            match = search(shows.encode())
        if match is None and (texts := told(output)):
            match = search(texts.encode()) or search(visible(texts).encode())
        if match is None:
            return no_match
        return _matched(match[0])

    return check_scorer("regex", check, wanted, title=shown(wanted.pattern))


@lru_cache(maxsize=16)  # what a pattern matches is the same in many answers
def _matched(found: bytes) -> Score:
    return verdict(holds=True, why=f"matched {shown(found.decode(errors='replace'))}")


def compiled(pattern: str, *, ignore_case: bool = False, encoded: bool = False) -> Any:
    """The pattern, compiled by RE2. ScorerError when it is not valid there.

    With `encoded` it takes and gives UTF-8: three times as fast, as no offsets are converted.
    """
    options = _re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return _re2.compile(pattern.encode() if encoded else pattern, options)
    except _re2.error as error:
        reason = b" ".join(error.args).decode(errors="replace")
        raise ScorerError(
            f"regex: {shown(pattern)} is not a pattern that RE2 takes: {reason}; "
            "it has no back-references and no look-around"
        ) from None
