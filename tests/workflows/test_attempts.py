"""Many attempts, and the rows that come of them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.errors import RowRefused
from otel_i2e.models import Attempt, JudgeSettings, Outcome, Score, ScoreRow, Subject
from otel_i2e.score import BUILT_IN, scorer
from otel_i2e.store import Store, Writer
from otel_i2e.testing import llm_span
from otel_i2e.workflows.attempt_rows import rows_of, store_attempts
from otel_i2e.workflows.attempts import Asker, Job, attempt_all, not_tried

SPAN = llm_span(case_id="c", repeat=1)
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ONLINE = Asker("online", "r")
SCORED = Attempt(
    scorer="s",
    scorer_version="v",
    outcome=Outcome.SCORED,
    score=Score(value=0.5, label="meh", explanation="so", metadata={"k": 1}),
    passed=False,
    threshold=1.0,
    model="m",
    cost_usd=0.01,
)  # fmt: skip


def score_id(attempt: Attempt = SCORED, asker: Asker = ONLINE, span: Any = SPAN) -> str:
    """The id of the score's row."""
    row = rows_of(attempt, span, asker)[1]
    assert row is not None
    return row.score_id


def test_a_score_id_follows_from_who_scored_what_for_whom() -> None:
    """The same again is the same row; another span, scorer, version, rule, source or experiment is another."""
    others = [
        score_id(span=llm_span()),
        score_id(SCORED.model_copy(update={"scorer": "t"})),
        score_id(SCORED.model_copy(update={"scorer_version": "w"})),
        score_id(asker=Asker("online", "q")),
        score_id(asker=Asker("backfill")),
        score_id(asker=Asker("offline", experiment_id="e")),
    ]
    assert score_id() == score_id(SCORED.model_copy(update={"score": Score(value=1.0)}))
    assert len({score_id(), *others}) == len(others) + 1


def test_a_score_has_two_rows() -> None:
    """One in the ledger, with its cost; one in the scores, with everything."""
    ledger, score = rows_of(SCORED, SPAN, ONLINE, NOW)
    assert (ledger.outcome, ledger.rule, ledger.cost_usd, ledger.created_at) == (Outcome.SCORED, "r", 0.01, NOW)
    assert score is not None
    assert (score.value, score.label, score.explanation, score.passed) == (0.5, "meh", "so", False)
    assert (score.threshold, score.model, score.cost_usd, score.metadata) == (1.0, "m", 0.01, {"k": 1})
    assert (score.case_id, score.repeat) == (None, None)
    offline = rows_of(SCORED, SPAN, Asker("offline", experiment_id="e"), NOW)[1]
    assert offline is not None
    assert (offline.experiment_id, offline.case_id, offline.repeat) == ("e", "c", 1)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.SCORED])
def test_everything_else_has_a_ledger_row_only(outcome: Outcome) -> None:
    """With the reason; an error that was paid for keeps its cost."""
    tried = Attempt(scorer="s", scorer_version="v", outcome=outcome, error="why", cost_usd=0.5)
    ledger, score = rows_of(tried, SPAN, Asker("backfill"), NOW)
    assert score is None
    assert (ledger.outcome, ledger.reason, ledger.cost_usd) == (outcome, "why", 0.5)


@scorer
def _plain(output: str) -> bool:
    return bool(output)


def test_all_are_attempted_and_told_once() -> None:
    """However many there are."""
    told: list[str] = []
    jobs = [Job(_plain, Subject(span=llm_span()), Asker("offline")) for _ in range(300)]
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda job, _: told.append(job.subject.span.span_id)))
    assert sorted(told) == sorted(job.subject.span.span_id for job in jobs)


def test_an_allowance_is_asked_before_and_told_after() -> None:
    """What it refuses is over budget, and is not run."""

    class TwoOnly:
        given = 0
        settled = 0

        async def take(self, job: Job) -> str | None:
            self.given += 1
            return None if self.given <= 2 else f"no more of {job.scorer.name}"

        def counts(self, job: Job) -> bool:
            return job.scorer is _plain

        def settle(self, job: Job, attempt: Attempt) -> None:
            assert (job.scorer.name, attempt.outcome) == ("_plain", Outcome.SCORED)
            self.settled += 1

    allowance = TwoOnly()
    ended: list[Attempt] = []
    jobs = [Job(_plain, Subject(span=llm_span()), Asker("online", "r"), allowance) for _ in range(5)]
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda _, attempt: ended.append(attempt)))
    assert [attempt.outcome for attempt in ended].count(Outcome.SCORED) == allowance.settled == 2
    assert {a.error for a in ended if a.outcome is Outcome.OVER_BUDGET} == {"no more of _plain"}
    assert not_tried(_plain, Outcome.SAMPLED_OUT).scorer_version == _plain.version


class Counting:
    """An allowance that lets everything go ahead, and counts some of it."""

    def __init__(self, *, counts: bool) -> None:
        self.open: list[Job] = []
        self.settled = 0
        self._counts = counts

    def counts(self, job: Job) -> bool:
        """As it was made."""
        return self._counts and job.allowance is self

    async def take(self, job: Job) -> str | None:
        """Always."""
        assert not self.open
        self.open.append(job)
        return None

    def settle(self, job: Job, attempt: Attempt) -> None:
        """One that was made."""
        assert attempt.outcome is Outcome.SCORED
        self.open.remove(job)
        self.settled += 1


@pytest.mark.parametrize("counts", [True, False])
def test_a_call_that_a_budget_counts_is_counted_when_it_is_made(counts: bool) -> None:
    """Not with many others, which the end of the time might leave unmade; what is not counted does not ask."""
    allowance, told = Counting(counts=counts), list[Attempt]()
    jobs = [Job(_plain, Subject(span=llm_span()), ONLINE, allowance) for _ in range(50)]
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda _, attempt: told.append(attempt)))
    assert (len(told), allowance.open, allowance.settled) == (50, [], 50 if counts else 0)


def test_nothing_begins_after_the_deadline() -> None:
    """Neither another turn of a function, nor another call of a turn."""
    calls, told = list[str](), list[Attempt]()

    @scorer
    def late(output: str) -> bool:
        calls.append(output)
        if len(calls) == 20:
            time.sleep(0.3)
        return True

    jobs = [Job(late, Subject(span=llm_span()), ONLINE) for _ in range(300)]
    deadline = time.monotonic() + 0.2
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda _, attempt: told.append(attempt), deadline=deadline))
    assert 0 < len(calls) <= 20
    assert len(told) == len(calls)


def test_a_function_that_hangs_holds_up_its_own_line_only() -> None:
    """Its other calls are made by another thread, until it is suspended; checks and other functions go on."""
    release = threading.Event()

    @scorer(name="hangs for ever")
    def hangs(output: str) -> bool:
        return release.wait()

    made: list[Attempt] = []
    subjects = [Subject(span=llm_span()) for _ in range(6)]
    jobs = [Job(one, subject, ONLINE) for subject in subjects for one in (hangs, _plain, BUILT_IN["length"](100))]
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda _, attempt: made.append(attempt), timeout=0.05))
    release.set()
    errors = [attempt.error or "" for attempt in made if attempt.scorer == hangs.name]
    assert [error.partition(" ")[0] for error in errors] == ["took"] * 3 + ["suspended"] * 3
    assert sum(attempt.passed is True for attempt in made) == 12


def test_a_score_that_the_store_refuses_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are stored; its own attempt is an error in the ledger, with the reason."""
    real = Writer.add_scores

    def picky(self: Writer, rows: Sequence[ScoreRow]) -> int:
        if any(row.label == "bad" for row in rows):
            raise RowRefused("not this one")
        return real(self, rows)

    @scorer
    def anything(output: str) -> bool:
        """Passes."""
        return bool(output)

    monkeypatch.setattr(Writer, "add_scores", picky)
    bad = SCORED.model_copy(update={"score": Score(label="bad")})
    store = Store(tmp_path / "s.duckdb")
    jobs = [Job(anything, Subject(span=llm_span()), ONLINE) for _ in range(3)]
    store_attempts(store, list(zip(jobs, (SCORED, bad, SCORED), strict=True)), NOW)
    with store.read() as reader:
        assert [score.label for score in reader.scores()] == ["meh", "meh"]
        ledger = reader.rows("SELECT outcome, reason FROM score_ledger ORDER BY outcome")
    assert [row["outcome"] for row in ledger] == ["error", "scored", "scored"]
    assert ledger[0]["reason"] == "the score could not be stored: not this one"
