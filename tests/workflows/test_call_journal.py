"""What a killed process leaves in the journal of calls, and what the next pass makes of it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e import scorer
from otel_i2e.config import Settings
from otel_i2e.errors import StoreError
from otel_i2e.models import Attempt, JudgePrompt, JudgeSettings, Outcome, Rule, Score, Subject
from otel_i2e.score import Scorer, judge_scorer
from otel_i2e.store import Store
from otel_i2e.testing import llm_span
from otel_i2e.workflows.attempt_rows import store_attempts
from otel_i2e.workflows.attempts import Asker, Job
from otel_i2e.workflows.budgets import Lost, spent_by_all, spent_today
from otel_i2e.workflows.call_journal import CallJournal

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TONE = judge_scorer(
    JudgePrompt(
        name="tone", choices={"a": 1, "b": 0}, fields=("output",), model="m", max_tokens=1, text="t", path="p"
    )
)  # fmt: skip


@scorer
def plain(output: str) -> bool:
    """It is there."""
    return bool(output)


def job(of: Scorer = TONE) -> Job:
    """A job of a rule, on a span of its own."""
    return Job(of, Subject(span=llm_span()), Asker("online", "r"))


def made(of: Scorer = TONE, cost: float | None = 0.25) -> Attempt:
    """A score."""
    score = Score(value=1.0, explanation="fine")
    return Attempt(
        scorer=of.name, scorer_version=of.version, outcome=Outcome.SCORED, score=score, model="m", cost_usd=cost
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store with the tables."""
    with Store(tmp_path / "s.duckdb").write():
        pass
    return Settings(store=str(tmp_path / "s.duckdb"))


def settled(settings: Settings, now: datetime = NOW) -> CallJournal:
    """The journal of the next pass."""
    journal = CallJournal(settings, now)
    journal.settle(Store.of(settings))
    return journal


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """What the store says."""
    with Store.of(settings).read() as reader:
        return reader.rows(sql)


def file_of(settings: Settings) -> Path:
    """The journal."""
    return settings.store_path.with_name("s.duckdb.calls")


def test_what_ended_is_stored_and_what_did_not_is_spent(settings: Settings) -> None:
    """Of three calls one was stored, one ended, and one is lost: it counts for its rule, and for the judges."""
    killed = CallJournal(settings, NOW)
    stored, ended, lost = jobs = [job() for _ in range(3)]
    for one in jobs:
        killed.began(one)
    for one in (stored, ended):
        killed.ended(one, made())
    killed.close()
    store_attempts(Store.of(settings), [(stored, made())], NOW)

    journal = settled(settings)
    assert (journal.lost_by("r"), journal.lost_by("other")) == (Lost(1, 1), Lost())
    assert journal.lost_by_judges() == Lost(1, 1)
    spans = {one.subject.span.span_id for one in (stored, ended)}
    assert {row["span_id"] for row in rows(settings, "FROM score_ledger")} == spans
    assert len(rows(settings, "FROM score_ledger")) == 2
    (score,) = rows(settings, f"FROM scores WHERE span_id = '{ended.subject.span.span_id}'")
    assert (score["explanation"], score["cost_usd"]) == ("fine", 0.25)
    assert lost.subject.span.span_id not in {row["span_id"] for row in rows(settings, "FROM scores")}


def test_a_lost_call_is_spent_until_midnight(settings: Settings) -> None:
    """However often the journal is settled, and also once its call was made again; the next UTC day is another."""
    call = job()
    killed = CallJournal(settings, NOW)
    killed.began(call)
    killed.close()
    assert settled(settings).lost_by("r") == Lost(1, 1)
    again = settled(settings)
    assert again.lost_by("r") == Lost(1, 1)
    again.began(call)
    again.ended(call, made())
    store_attempts(Store.of(settings), [(call, made())], NOW)
    again.empty()
    journal = settled(settings, NOW + timedelta(hours=11))
    assert journal.lost_by("r") == Lost(1, 1)
    with Store.of(settings).read() as reader:
        rule = Rule(name="r", scorers=["tone"], daily_budget=9)
        spent = spent_today(reader, rule, [TONE], NOW, journal.lost_by("r"))
        by_all = spent_by_all(reader, JudgeSettings(daily_budget_usd=9), [TONE], NOW, journal.lost_by_judges())
    assert (spent.calls, spent.usd) == (by_all.calls, by_all.usd) == (2, 0.5)
    assert settled(settings, NOW + timedelta(hours=12)).lost_by("r") == Lost()
    assert not file_of(settings).exists()


def test_a_judge_by_another_name_has_spent_what_it_has(settings: Settings) -> None:
    """The budget of all judges is of the day, not of those that are there now."""
    call = job()
    store_attempts(Store.of(settings), [(call, made())], NOW)
    judge = JudgeSettings(daily_budget=9)
    with Store.of(settings).read() as reader:
        assert [spent_by_all(reader, judge, now, NOW).calls for now in ([TONE], [], [plain])] == [1, 1, 1]


def test_a_lost_call_in_code_cost_nothing(settings: Settings) -> None:
    """It is one of the rule's calls, and none of the judges'."""
    killed = CallJournal(settings, NOW)
    killed.began(job(plain))
    killed.close()
    journal = settled(settings)
    assert (journal.lost_by("r"), journal.lost_by_judges()) == (Lost(1, 0), Lost())


def test_a_torn_line_stops_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The end of a call that was not written whole: the call is lost. It is said where."""
    killed = CallJournal(settings, NOW)
    call = job()
    killed.began(call)
    killed.ended(call, made())
    killed.close()
    file_of(settings).write_bytes(file_of(settings).read_bytes()[:-20])
    with caplog.at_level(logging.WARNING, "otel_i2e"):
        assert settled(settings).lost_by("r") == Lost(1, 1)
    assert "s.duckdb.calls:2 cannot be read" in caplog.text
    assert [json.loads(line)["lost"] for line in file_of(settings).read_text().splitlines()] == ["r"]


def test_a_journal_that_cannot_be_written_is_one_line(settings: Settings) -> None:
    """Value, rule, remedy; and no call is made that could not be noted."""
    file_of(settings).mkdir()
    with pytest.raises(StoreError, match=r"cannot write '.*s\.duckdb\.calls', where calls are noted"):
        CallJournal(settings, NOW).began(job())
