"""A decision with every kind of case, and text that means harm in every format."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from otel_i2e.gate import decide
from otel_i2e.models import Attempt, Case, CaseRun, Decision, Experiment, Outcome, Override, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOSTILE = (
    "%0A::error::forged "
    "a|b\\|c</code><script>alert(1)</script> @octocat #1 [x](http://evil.test) ![i](http://evil.test/p.png) "
    "**bold** `tick` ``` | --- | http://evil.test www.evil.test <!-- --> ]]> & \x00\x1b[31m\x07 \u202e \ufffe\n"
    "::error::forged\r\n::set-output name=decision::pass\n\n# heading\n<img src=x onerror=alert(1)>"
)


def _attempt(*, passed: bool | None, explanation: str = "because") -> Attempt:
    return Attempt(
        scorer="cites",
        scorer_version="1",
        outcome=Outcome.SCORED,
        score=Score(value=0.0, explanation=explanation),
        passed=passed,
        threshold=1.0,
    )


def _experiment(text: str) -> Experiment:
    attempts = {
        ("good", "P0"): _attempt(passed=True),
        (f"blocked {text}", "P0"): _attempt(passed=False, explanation=text),
        ("waiting", "P1"): _attempt(passed=False),
        ("overridden", "P1"): _attempt(passed=False),
        ("logged", "P2"): _attempt(passed=False),
        ("lost", "P1"): Attempt(scorer="judge", scorer_version="1", outcome=Outcome.ERROR, error=text or "no key"),
    }
    return Experiment(
        experiment_id="exp-1",
        dataset=f"refunds{text}",
        dataset_hash="0" * 12,
        task="app:answer",
        repeats=1,
        created_at=NOW,
        cases=tuple(
            Case.model_validate({"id": name, "input": "q", "must": ["x"], "priority": priority, "suite": f"fast{text}"})
            for name, priority in attempts
        ),
        runs=tuple(
            CaseRun(case_id=name, repeat=0, status="ok", attempts=(tried,), output=f"answer {text}", duration_ms=1500.0)
            for (name, _), tried in attempts.items()
        ),
    )


def _decided(text: str) -> tuple[Decision, Experiment]:
    experiment = _experiment(text)
    override = Override(
        experiment_id="exp-1", case_id="overridden", reason=text or "known", by=text or "ada", created_at=NOW
    )
    return decide(experiment, overrides=[override], now=NOW), experiment


@pytest.fixture
def mixed() -> tuple[Decision, Experiment]:
    """One case of every effect but `warns`, in plain words."""
    return _decided("")


@pytest.fixture
def hostile() -> tuple[Decision, Experiment]:
    """The same, with hostile text wherever text may come from outside."""
    return _decided(HOSTILE)


@pytest.fixture
def empty() -> tuple[Decision, Experiment]:
    """An experiment without cases."""
    experiment = _experiment("").model_copy(update={"cases": (), "runs": ()})
    return decide(experiment, now=NOW), experiment


@pytest.fixture
def passing() -> tuple[Decision, Experiment]:
    """One case, passed."""
    whole = _experiment("")
    experiment = whole.model_copy(update={"cases": whole.cases[:1], "runs": whole.runs[:1]})
    return decide(experiment, now=NOW), experiment
