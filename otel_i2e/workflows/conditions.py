"""A `where` of a rule or a command: one SQL condition, put inside brackets of ours."""

from __future__ import annotations

import re
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, QueryError, UsageError
from otel_i2e.store import Store

__all__ = ["check_columns", "check_condition", "condition_error"]

_TOKEN: Final = re.compile(
    r"""
    (?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*'  # text with escapes
    | [A-Za-z_][A-Za-z0-9_$]*       # a name or a word
    | '(?:[^']|'')*'                # text
    | "(?:[^"]|"")*"                # a quoted name
    | (\$[A-Za-z_]*\$).*?\1         # dollar-quoted text
    | (?P<comment> --|/\*)
    | (?P<mark> [();])
    | .                             # anything else, a character at a time
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE: Final = re.compile(r"^line \d+: ")
_OPEN_QUOTES: Final = ("'", '"')


def check_condition(condition: str, place: str, *, name: str = "where") -> str:
    """`condition`, which stands between brackets without ending them. UsageError, naming `place`, when not.

    Whether its columns and functions exist, the store says when it is run.
    """
    depth = 0
    for token in _TOKEN.finditer(condition):
        text = token.group()
        if token["comment"]:
            raise _refusal(f"{place}: {name}", condition, f"{text!r} begins a comment; leave comments out")
        if token["mark"] == ";":
            raise _refusal(f"{place}: {name}", condition, "it holds a ';', and a condition is one expression")
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0:
            raise _refusal(f"{place}: {name}", condition, "a ')' closes a bracket that it did not open")
        if text in _OPEN_QUOTES:
            raise _refusal(f"{place}: {name}", condition, f"a quote {text} is not closed")
    if depth:
        raise _refusal(f"{place}: {name}", condition, "a '(' is not closed")
    if not condition.strip():
        raise _refusal(f"{place}: {name}", condition, "it is empty; write a condition over the columns of spans")
    return condition


def check_columns(settings: Settings, condition: str, relation: str) -> None:
    """Hold `condition` to the columns of `relation`, without a store. QueryError with the line of the condition."""
    Store.of(settings).describe(f"SELECT 1 FROM {relation} WHERE ({condition}\n)")


def condition_error(settings: Settings, condition: str, relation: str, error: I2EError) -> str:
    """What is wrong with `condition`, after a query of ours around it failed with `error`; lines are its own."""
    try:
        check_columns(settings, condition, relation)
    except QueryError as own:
        return str(own)
    return _LINE.sub("", str(error))


def _refusal(place: str, condition: str, why: str) -> UsageError:
    return UsageError(f"{place} = {condition!r}: {why}")
