"""A query: a `.sql` file with a header."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from otel_i2e.models._contract import Contract

__all__ = ["Query", "QueryParam", "QueryResult"]


class QueryParam(Contract):
    """A parameter that the header declares and the SQL uses as `$name`."""

    name: str
    """As in `$name`."""
    type: Literal["text", "integer", "number", "boolean", "duration"]
    """`duration` is written `24h` or `7d` and reaches SQL as an INTERVAL."""
    default: Any = None
    """Used when it is not given; None makes it required."""
    description: str = ""
    """One sentence."""


class Query(Contract):
    """A checked query file."""

    name: str
    """Unique; by custom the file's name."""
    description: str
    """One sentence."""
    kind: Literal["promote", "diagnose", "indicator"]
    """What its rows mean; `promote` rows must name `trace_id` and `span_id`."""
    params: tuple[QueryParam, ...] = ()
    """Declared parameters, in order."""
    sql: str
    """One SELECT, the header taken off."""
    hash: str
    """12 hex digits of SHA-256 of the file's text: what a promoted case remembers."""
    path: str
    """Where the file lies."""
    line: int = 1
    """The file's line at which `sql` begins, for messages."""
    lines: dict[str, int] = Field(default_factory=dict[str, int])
    """Key of the header, or `$name` of a parameter → its line of the file, for messages."""
    defaults: dict[str, Any] = Field(default_factory=dict[str, Any])
    """For promotions: case fields such as `priority` and `failure_mode`, from the header."""


class QueryResult(Contract):
    """Rows of a user's query."""

    columns: tuple[str, ...]
    """Names in order."""
    rows: tuple[tuple[Any, ...], ...]
    """Values in order of columns."""
    truncated: bool = False
    """Whether the row limit cut it."""
