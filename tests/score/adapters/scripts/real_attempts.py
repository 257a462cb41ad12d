"""One attempt of a scorer as a line of JSON, for the scripts that run real packages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from otel_i2e.errors import ScorerError
from otel_i2e.models import Case, Subject
from otel_i2e.score import Scorer, run_scorer
from otel_i2e.testing import llm_span


def tried(what: str, scorer: Scorer, output: str, *, expected: str | None = "30 days") -> None:
    """Say how it ended, its value and whether it passed."""
    case = Case(id="a", input="How long?", expected=expected)
    made = asyncio.run(run_scorer(scorer, Subject(span=llm_span("How long?", output), case=case)))
    value = None if made.score is None else made.score.value
    print(json.dumps([what, made.outcome, value, made.passed]))


def refused(what: str, make: Callable[[], Scorer]) -> None:
    """Say why it cannot be a scorer."""
    try:
        make()
    except ScorerError as error:
        print(json.dumps([what, "refused", str(error), None]))
