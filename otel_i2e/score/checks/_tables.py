"""The cells of Markdown tables, each behind the head of its column: what it is about stands there alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from otel_i2e.score.checks.regex import compiled

__all__ = ["tabled"]

_is_rule: Final = compiled(r"\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?\s*").fullmatch


def tabled(text: str) -> str:
    """`head | cell`, a line each; empty of a text without a table."""
    return "\n".join(_cells(text.splitlines())) if "|" in text and "--" in text else ""


def _cells(lines: list[str]) -> Iterator[str]:
    heads: list[str] = []
    for above, line in pairwise(lines):
        if "|" not in line:
            heads = []
        elif "-" in line and _is_rule(line):
            heads = _apart(above)
        else:
            yield from (f"{head} | {cell}" for head, cell in zip(heads, _apart(line), strict=False))


def _apart(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
