"""`cites_documents`: whatever the output cites is among the retrieved documents."""

from __future__ import annotations

import re
from typing import Any, Final

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer

__all__ = ["cites_documents"]


_apart: Final = re.compile(r"[,;]").split
_ID: Final = r"[A-Za-z0-9][\w.:/#-]*"


class Citations(Contract):
    """How citations look."""

    pattern: str = rf"[\[【]\^?\s*({_ID}(?:\s*[,;]\s*{_ID})*)\s*[\]】](?:[^(]|$)"
    """RE2; its first group is the id, or several apart by commas or semicolons. By default `[id]` and `[id, id]`, but
    not the text of a Markdown link."""
    required: bool = False
    """Whether an output without any citation fails; otherwise nothing is said of it."""


def cites_documents(argument: Any = None) -> Scorer:
    """`true`, a pattern, or `{"pattern": …, "required": true}`. A document is cited by id, address or position."""
    wanted = read_argument("cites_documents", Citations, plain(argument), short="pattern")
    search = compiled(wanted.pattern)

    def check(output: str, documents: list[Document]) -> Score | None:
        """Every document that the output cites was retrieved."""
        said = (name.strip() for match in search.finditer(output) for name in _apart(match.group(1)))
        cited = list(dict.fromkeys(name for name in said if name))
        if not cited:
            return Score(value=0.0, explanation="it cites nothing") if wanted.required else None
        known = {name for position, one in enumerate(documents, 1) for name in (one.id, one.uri, str(position)) if name}
        invented = [name for name in cited if name not in known]
        reason = f"not among the documents: {', '.join(invented)}" if invented else f"cited: {', '.join(cited)}"
        return Score(value=0.0 if invented else 1.0, explanation=reason)

    return check_scorer("cites_documents", check, wanted, title="" if wanted == Citations() else wanted.pattern)
