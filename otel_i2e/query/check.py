"""What a query file must keep to, once DuckDB has said what its SELECT gives and uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from otel_i2e.models import Query

__all__ = ["PROMOTE_COLUMNS", "column_problems", "name_problems", "parameter_problems"]

PROMOTE_COLUMNS: Final = ("trace_id", "span_id")
"""What every row of a promotion must name; `span_id` may be NULL for a whole trace."""


def name_problems(query: Query) -> Iterator[str]:
    """One line when the file is not named like the query: it would be found by one name and listed under another."""
    stem = Path(query.path).stem
    if stem != query.name:
        yield (
            f"{query.path}:{query.lines.get('name', 1)}: the header's name is {query.name!r} and the file's is "
            f"{stem!r}; write `-- name: {stem}`, or rename the file to {query.name}.sql"
        )


def parameter_problems(query: Query, used: Collection[str]) -> Iterator[str]:
    """One line for each parameter that is `used` or declared, and not the other."""
    declared = [param.name for param in query.params]
    for name in sorted(set(used) - set(declared)):
        yield (
            f"{query.path}:{_line_of(query, name)}: the SQL uses ${name}, which the header does not declare; "
            f"add `-- param: {name} text  What it is`"
        )
    for name in declared:
        if name not in used:
            line = query.lines.get(f"${name}", 1)
            yield (
                f"{query.path}:{line}: the header declares the param {name!r}, but the SQL has no ${name}; "
                "use it, or remove the line"
            )


def column_problems(query: Query, columns: Collection[str]) -> Iterator[str]:
    """What a query of its kind must give and does not, in one line."""
    missing = [name for name in PROMOTE_COLUMNS if name not in columns]
    if query.kind == "promote" and missing:
        yield (
            f"{query.path}:{query.line}: a query of kind promote gives trace_id and span_id, and this one has no "
            f"{' and no '.join(missing)}; select them, or say `-- kind: diagnose`"
        )


def _line_of(query: Query, parameter: str) -> int:
    """The file's line on which the SQL uses `$parameter` first."""
    used = re.compile(rf"\${re.escape(parameter)}\b")
    lines = query.sql.splitlines()
    return query.line + next((number for number, line in enumerate(lines) if used.search(line)), 0)
