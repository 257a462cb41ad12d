"""`no_secrets`: the output has no key, token or password in it; found by the redactor's own eyes."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from pydantic import Field

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Score
from otel_i2e.redact import Finder
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.scorer import Scorer

__all__ = ["no_secrets"]


class Allowed(Contract):
    """What may stand there."""

    kinds: list[str] = Field(default_factory=list[str])
    """Kinds of secrets, as the explanation names them, that are let through."""


def no_secrets(argument: Any = None) -> Scorer:
    """`true`, or `{"kinds": ["jwt"]}` to let a kind through. What was found is never repeated, only its kind."""
    wanted = read_argument("no_secrets", Allowed, plain(argument), short="kinds")

    def check(output: str) -> Score:
        """The output has no secret in it."""
        found = Counter(kind for kind in _kinds(output) if kind not in wanted.kinds)
        said = ", ".join(f"{count} × {kind}" for kind, count in sorted(found.items()))
        return Score(value=0.0 if found else 1.0, explanation=said or "none found")

    return check_scorer(
        "no_secrets", check, wanted, title="" if not wanted.kinds else f"but {', '.join(wanted.kinds)}", negative=True
    )


@cache
def _finder() -> Finder:
    try:
        return Finder()
    except ModuleNotFoundError:
        raise ScorerError("no_secrets needs detect-secrets: pip install 'otel-i2e[redact]'") from None


def _kinds(text: str) -> list[str]:
    return [found.kind for found in _finder().find(text)]
