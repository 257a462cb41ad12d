"""`cites_documents`: whatever the output cites is among the retrieved documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any, Final

from otel_i2e.models import Contract, Document, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer

__all__ = ["cites_documents"]


_apart: Final = re.compile(r"[,;&–，；、]|\s(?:and|und|et|y)\s").split
_IN_ID: Final = r"[\pL\pM\pN_.:/#-]*"
_ID: Final = rf"[\pL\pN]{_IN_ID}"
_NUMBERED: Final = rf"[\pL\pN]{_IN_ID}\pN{_IN_ID}|\pN+"
_WORD: Final = (
    r"(?i:(?:doc|document|source|ref|reference|quelle|dokument|fuente|documento|fonte|bron)(?:\.?\s|:)|"
    r"出典|資料|文書|参考|文献|文档|文件|来源|來源|참고|출처|문서|документ|источник)"
)
_NAMED: Final = rf"{_WORD}[\s:：]*#?\pN+"
_ONE: Final = rf"(?:{_NAMED}|{_ID})"
_SEVERAL: Final = rf"{_ONE}(?:\s*[,;，；、]\s*{_ONE})*|(?:{_NUMBERED})(?:\s*(?:and|und|et|y|&|–)\s*(?:{_NUMBERED}))+"
_PLAIN: Final = rf"[\[【［〔]\^?\s*({_SEVERAL})\s*(?:†[^\]】]*)?[\]】］〕]"
_HEADS: Final = "【［〔"
"""What stands in these is a heading as well: 【重要】."""
_position: Final = re.compile(rf"{_WORD}[\s:]*#?(\d+)").fullmatch


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
        known = {
            _composed(name)
            for position, one in enumerate(documents, 1)
            for name in (one.id, one.uri, str(position))
            if name
        }
        matches = search.finditer(output)
        if wanted.pattern == _PLAIN:
            matches = (match for match in matches if _is_citation(match, known))
        said = (_composed(name.strip()) for match in matches for name in _apart(match.group(1)))
        cited = list(dict.fromkeys(name for name in said if name))
        if not cited:
            return Score(value=0.0, explanation="it cites nothing") if wanted.required else None
        invented = [name for name in cited if name not in known and _number(name) not in known]
        reason = f"not among the documents: {', '.join(invented)}" if invented else f"cited: {', '.join(cited)}"
        return Score(value=0.0 if invented else 1.0, explanation=reason)

    return check_scorer("cites_documents", check, wanted, title="" if wanted == Citations() else wanted.pattern)


def _is_citation(match: Any, known: Collection[str]) -> bool:
    """Neither the text of a Markdown link nor a heading, nor a ticked box."""
    name = _composed(match.group(1))
    if name in ("x", "X"):
        return name in known
    if match.string[match.start()] in _HEADS and not name.isascii() and not any(map(str.isdigit, name)):
        return name in known
    return not match.string.startswith("(", match.end())


def _composed(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _number(name: str) -> str:
    """The position that is named: `Doc 2`, `#2`."""
    named = _position(name)
    return named[1] if named else name.rsplit(maxsplit=1)[-1].lstrip("#")
