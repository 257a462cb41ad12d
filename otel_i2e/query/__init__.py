"""Query files: a header and one SELECT. Pure: DuckDB is asked by the caller."""

from __future__ import annotations

from otel_i2e.query.check import PROMOTE_COLUMNS, column_problems, name_problems, parameter_problems
from otel_i2e.query.header import KINDS, parse_query
from otel_i2e.query.params import parse_param, parse_value, samples, values_of, written

__all__ = [
    "KINDS",
    "PROMOTE_COLUMNS",
    "column_problems",
    "name_problems",
    "parameter_problems",
    "parse_param",
    "parse_query",
    "parse_value",
    "samples",
    "values_of",
    "written",
]
