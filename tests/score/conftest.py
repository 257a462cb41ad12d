"""Running one scorer on one subject, as every caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import Attempt, Case, Judge, Span, Subject
from otel_i2e.score import Scorer, run_scorer
from otel_i2e.testing import llm_span

Try = Callable[..., Attempt]


@pytest.fixture
def attempt() -> Try:
    """`attempt(scorer, output, case=…, trace=…, judge=…, **columns of the span)`."""

    def tried(
        scorer: Scorer,
        output: str | None = "Yes.",
        *,
        case: Case | None = None,
        trace: tuple[Span, ...] = (),
        judge: Judge | None = None,
        **columns: Any,
    ) -> Attempt:
        span = trace[0] if trace else llm_span("Can I return it?", output, **columns)
        return asyncio.run(run_scorer(scorer, Subject(span=span, trace=trace, case=case), judge=judge))

    return tried
