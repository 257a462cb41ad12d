"""The seam for taking personal data out of a case before anybody stores it.

Nothing is taken out by default beyond what capture already left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from otel_i2e.models import Case

__all__ = ["Redactor", "redacted"]

Redactor = Callable[[Case], Case]
"""Gives the case without what must not be kept; runs before ids and duplicates are decided."""


def redacted(case: Case, redactors: Iterable[Redactor]) -> Case:
    """The case after every redactor, in order."""
    for redact in redactors:
        case = redact(case)
    return case
