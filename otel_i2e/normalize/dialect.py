"""What a dialect is: a family of attribute names, and what they mean in our columns.

A dialect file is mostly a table. What a table cannot say (indexed names, events, JSON of the family's
own shape) is a function `read`, which runs only on spans that carry a sign of the family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otel_i2e.normalize.raw import RawLog, RawSpan

__all__ = ["Dialect", "Facts", "Read", "Reader"]

Facts = dict[str, Any]
"""Candidates of one family: column → value, read already. `request_params` and `prompt_variables` hold objects."""

Reader = Callable[[Any], Any]
"""An attribute's value → the column's value; None when it says nothing. Never raises."""

Read = Callable[[RawSpan, Sequence[RawLog]], Facts]
"""A span, with the log records that were emitted in it → candidates. Never raises."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One family of names. A span may carry several; every one contributes, the richest candidate wins."""

    name: str
    """The value of the column `dialect`; empty for names that belong to no family."""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Column → attribute names, the best first."""
    readers: Mapping[str, Reader] = field(default_factory=dict[str, Reader])
    """Column → how this family spells it, where that is not how the column is read anyway."""
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    """Attribute name → bare name in `request_params`."""
    names: str = ""
    """Regular expression for the beginning of attribute names that show the family, and that `read` reads."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Attribute name → the beginning of a value that shows the family."""
    scopes: tuple[str, ...] = ()
    """Beginnings of instrumentation scope names that show the family."""
    spans: tuple[str, ...] = ()
    """Beginnings of span names that show the family."""
    events: frozenset[str] = frozenset()
    """Names of span events and log records that show the family, and that `read` reads."""
    read: Read | None = None
    """What the table cannot say."""
