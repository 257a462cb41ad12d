"""Text from runs and traces as one bounded line of printable characters.

Explanations, errors and answers come from a model or a user. Here they only become one line; each
report escapes that line for its own format.
"""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote

from otel_i2e.models import CaseDecision

__all__ = ["case_name", "line", "listed", "quoted"]


def line(text: object, limit: int = 300) -> str:
    """`text` on one line of at most `limit` characters; control and direction characters become visible."""
    flat = " ".join(str(text).split())
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in flat[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first `most` names, and how many more there are: `a, b and 3 more`."""
    shown = [line(name, 80) for name in names]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")


def case_name(case: CaseDecision) -> str:
    """`P0 refund-120-days`."""
    return f"{case.priority} {line(case.case_id, 80)}"


def quoted(text: str) -> str:
    """`text` as one word of a shell, for a person to copy: it is from a dataset, and no command."""
    return quote(line(text, 200))
