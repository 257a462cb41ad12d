"""What to write instead: near names of columns, tables and SQL words, for a query that DuckDB refuses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final

import duckdb

__all__ = ["advice"]

_WORDS: Final = re.findall(
    r"\w+",
    """
    select from where group order having limit offset join inner left right full outer cross using distinct union
    intersect except values describe summarize explain qualify window with recursive between like ilike exists case
    when then else cast interval filter unnest sample pivot unpivot null true false
    """,
)
_COLUMN: Final = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')
_SYNTAX: Final = re.compile(r'syntax error at (?:or near "([^"]+)"|end of input)')
_TABLE: Final = re.compile(r"Table with name (\S+) does not exist")
_CLOSE: Final = 0.7
_CLOSE_WORD: Final = 0.75
_INTERNAL: Final = frozenset({"schema_migrations", "span_rows", "merged_calls", "waiting_logs"})


def advice(error: duckdb.Error, sql: str, columns: Mapping[str, Collection[str]]) -> str:
    """A clause that begins with `; `, or nothing. `columns` has the names of every table's and view's columns."""
    text = str(error)
    columns = {table: names for table, names in columns.items() if table not in _INTERNAL}
    if (found := _COLUMN.search(text)) is not None:
        return _near_column(found[1] or found[2], sql, columns)
    if (found := _SYNTAX.search(text)) is not None:
        return _near_word(found[1] or "", sql)
    if (found := _TABLE.search(text)) is not None:
        near = get_close_matches(found[1].lower(), columns, n=1, cutoff=_CLOSE)
        return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(columns)}"
    if (found := re.search(r"\n(Did you mean [^\n]+)", text)) is not None:
        return f"; {found[1][0].lower()}{found[1][1:]}"
    if (found := re.search(r"\n(Either add it [^\n]+)", text)) is not None:
        return f" {found[1]}"
    return ""


def _near_column(name: str, sql: str, columns: Mapping[str, Collection[str]]) -> str:
    words = set(re.findall(r"\w+", sql.lower()))
    named = [table for table in columns if table in words]
    known = {column for table in named for column in columns[table]}
    near = get_close_matches(name.lower(), sorted(known), n=3, cutoff=_CLOSE) or [
        column for column in sorted(known) if get_close_matches(name.lower(), column.split("_"), cutoff=_CLOSE_WORD)
    ]
    if near:
        return f"; did you mean {' or '.join(near)}?"
    holders = [table for table in columns if name.lower() in columns[table] and table not in named]
    if holders:
        return f"; {', '.join(holders)} {'has' if len(holders) == 1 else 'have'} it"
    if not named:
        return ""
    return "".join(f'; `i2e sql "describe {table}"` lists the columns of {table}' for table in named[:1])


def _near_word(stumbled: str, sql: str) -> str:
    """The word that the parser stumbled over, or else the one before it, which it took for a name."""
    before = re.findall(r"\w+", sql[: max(0, sql.find(stumbled))])
    for word in (stumbled, *before[-1:]):
        near = get_close_matches(word.lower(), _WORDS, n=1, cutoff=_CLOSE_WORD)
        if near and near[0] != word.lower():
            return f"; did you mean {near[0].upper()} instead of {word}?"
    return "; look at what stands just before it"
