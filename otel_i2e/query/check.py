"""What a query file must keep to, once DuckDB has said what its SELECT gives and uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from otel_i2e.models import Query

__all__ = ["PROMOTE_COLUMNS", "column_problems", "parameter_problems"]

PROMOTE_COLUMNS: Final = ("trace_id", "span_id")
"""What every row of a promotion must name; `span_id` may be NULL for a whole trace."""


def parameter_problems(query: Query, used: Collection[str]) -> Iterator[str]:
    """One line for each parameter that is `used` or declared, and not the other."""
    declared = [param.name for param in query.params]
    for name in sorted(set(used) - set(declared)):
        yield (
            f"{query.path}: the SQL uses ${name}, which the header does not declare; "
            f"add `-- param: {name} text  What it is`"
        )
    for name in declared:
        if name not in used:
            yield (
                f"{query.path}: the header declares the param {name!r}, but the SQL has no ${name}; "
                "use it, or remove the line"
            )


def column_problems(query: Query, columns: Collection[str]) -> Iterator[str]:
    """What a query of its kind must give and does not, in one line."""
    missing = [name for name in PROMOTE_COLUMNS if name not in columns]
    if query.kind == "promote" and missing:
        yield (
            f"{query.path}: a query of kind promote gives trace_id and span_id, and this one has no "
            f"{' and no '.join(missing)}; select them, or say `-- kind: diagnose`"
        )
