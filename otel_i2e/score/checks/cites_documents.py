"""`cites_documents`: whatever the output cites is among the retrieved documents."""

from __future__ import annotations

import re
from typing import Any, Final

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer

__all__ = ["cites_documents"]


_apart: Final = re.compile(r"[,;&–]|\s(?:and|und|et|y)\s").split
_ID: Final = r"[A-Za-z0-9][\w.:/#-]*"
_NUMBERED: Final = r"[A-Za-z0-9][\w.:/#-]*\d[\w.:/#-]*|\d+"
_SEVERAL: Final = rf"{_ID}(?:\s*[,;]\s*{_ID})*|(?:{_NUMBERED})(?:\s*(?:and|und|et|y|&|–)\s*(?:{_NUMBERED}))+"
_NAMED: Final = r"(?i:doc|document|source|ref|reference|quelle)\.?\s+#?\d+"
_PLAIN: Final = rf"[\[【]\^?\s*({_SEVERAL}|{_NAMED})\s*(?:†[^\]】]*)?[\]】]"


class Citations(Contract):
    """How citations look."""

    pattern: str = _PLAIN
    """RE2; its first group is the id, or several apart by commas or semicolons. By default `[id]`, `[id, id]`,
    `[doc-1 and doc-2]`, `[Doc 1]` and `【1†source】`, but not the text of a Markdown link."""
    required: bool = False
    """Whether an output without any citation fails; otherwise nothing is said of it."""


def cites_documents(argument: Any = None) -> Scorer:
    """`true`, a pattern, or `{"pattern": …, "required": true}`. A document is cited by id, address or position."""
    wanted = read_argument("cites_documents", Citations, plain(argument), short="pattern")
    search = compiled(wanted.pattern)

    def check(output: str, documents: list[Document]) -> Score | None:
        """Every document that the output cites was retrieved."""
        matches = (
            m for m in search.finditer(output) if wanted.pattern != _PLAIN or not output.startswith("(", m.end())
        )
        said = (name.strip() for match in matches for name in _apart(match.group(1)))
        cited = list(dict.fromkeys(name for name in said if name))
        if not cited:
            return Score(value=0.0, explanation="it cites nothing") if wanted.required else None
        known = {name for position, one in enumerate(documents, 1) for name in (one.id, one.uri, str(position)) if name}
        invented = [name for name in cited if name not in known and name.split()[-1].lstrip("#") not in known]
        reason = f"not among the documents: {', '.join(invented)}" if invented else f"cited: {', '.join(cited)}"
        return Score(value=0.0 if invented else 1.0, explanation=reason)

    return check_scorer("cites_documents", check, wanted, title="" if wanted == Citations() else wanted.pattern)
