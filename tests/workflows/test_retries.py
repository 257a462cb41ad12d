"""Online attempts that broke for a reason that may pass are made again; what code raises is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply, llm_span, row_of
from otel_i2e.workflows.rule_status import RULE_COUNTS
from otel_i2e.workflows.scoring import score_online, score_rule, score_where
from otel_i2e.workflows.why import Answer, why

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCORERS = """
from otel_i2e import scorer

@scorer
def broken(output: str) -> bool:
    raise ValueError("no")
"""
TONE = """+++
fields = ["output"]
threshold = 1.0
model = "claude-sonnet-5"
[choices]
good = 1
bad = 0
+++
Is it good?
"""
GOOD = Reply.json({"reasoning": "Kind.", "choice": "good"})
BUSY = Reply.error(529)
SPAN = llm_span(ingested_at=NOW)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One span; a rule with a judge, a scorer that raises, and one that works."""
    (tmp_path / "scorers.py").write_text(SCORERS)
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.md").write_text(TONE)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    made = Settings(
        store=str(tmp_path / "s.duckdb"),
        source=str(tmp_path / "i2e.toml"),
        scorers=(str(tmp_path / "scorers.py"),),
        rules=({"name": "r", "scorers": ["tone", "broken", "no_secrets"], "sample": 1.0},),
        judge={"max_retries": 0},
    )
    with Store.of(made).write() as writer:
        writer.add_spans([row_of(SPAN)])
    return made


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`answers(reply, …)`: what the service answers, in order."""
    servers: list[MessagesServer] = []

    def given(*replies: Reply) -> MessagesServer:
        server = MessagesServer(list(replies))
        server.__enter__()
        servers.append(server)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        return server

    yield given
    for server in servers:
        server.__exit__(None, None, None)


def ledger(settings: Settings) -> list[tuple[str, str, int, datetime | None]]:
    """Rows of the ledger in order."""
    with Store.of(settings).read() as reader:
        rows = reader.rows("SELECT * FROM score_ledger ORDER BY created_at, scorer")
    return [(row["scorer"], row["outcome"], row["attempt"], row["retry_at"]) for row in rows]


def said(settings: Settings, now: datetime) -> dict[str | None, Answer]:
    """What `i2e why` says of each scorer."""
    return {one.scorer: one for one in why(settings, SPAN.span_id, now=now)}


def test_a_busy_judge_is_asked_again_after_its_pause(settings: Settings, answers: Any) -> None:
    """Not before; then it scores, and the others are left alone: nothing is scored twice."""
    server = answers(BUSY, GOOD)
    score_online(settings, seconds=300, now=NOW)
    first = [("broken", "error", 1, None), ("no_secrets", "scored", 1, None), ("tone", "error", 1, NOW + MINUTE)]
    assert ledger(settings) == first
    assert "; attempt 1 of 3, the next from 12:01:00 UTC on" in said(settings, NOW)["tone"].reason
    score_online(settings, seconds=300, now=NOW + MINUTE / 2)
    assert ledger(settings) == first
    score_online(settings, seconds=300, now=NOW + MINUTE)
    assert ledger(settings) == [*first, ("tone", "scored", 2, None)]
    score_online(settings, seconds=300, now=NOW + 3 * MINUTE)
    assert len(ledger(settings)) == 4
    assert len(server.requests) == 2


def test_it_is_given_up_after_three_attempts(settings: Settings, answers: Any) -> None:
    """Further and further apart; the last one is an error that stays."""
    server = answers(BUSY, BUSY, BUSY, GOOD)
    for minutes in (0, 1, 15, 16, 40, 100):
        score_online(settings, seconds=300, now=NOW + minutes * MINUTE)
    tone = [row[1:] for row in ledger(settings) if row[0] == "tone"]
    assert tone == [("error", 1, NOW + MINUTE), ("error", 2, NOW + 16 * MINUTE), ("error", 3, None)]
    assert len(server.requests) == 3
    assert said(settings, NOW)["tone"].reason.endswith("; attempt 3 of 3")


def test_an_attempt_that_is_made_again_counts_once(settings: Settings, answers: Any) -> None:
    """In the denominators of `i2e why` and of `i2e status`."""
    answers(BUSY, GOOD)
    score_online(settings, seconds=300, now=NOW)
    score_online(settings, seconds=300, now=NOW + MINUTE)
    answer = said(settings, NOW + MINUTE)["tone"]
    assert (answer.scored, answer.considered) == (1, 1)
    with Store.of(settings).read() as reader:
        (counts,) = reader.rows(RULE_COUNTS)
    assert (counts["considered"], counts["scored"], counts["errors"]) == (3, 2, 1)


@pytest.mark.parametrize("by_rule", [True, False])
def test_what_a_backfill_scored_is_not_asked_again(settings: Settings, answers: Any, by_rule: bool) -> None:
    """It settles the retry, whoever asked for it: the judge is paid once, and the span counts once."""
    server = answers(BUSY, GOOD, GOOD)
    score_online(settings, seconds=300, now=NOW)
    _ = score_rule(settings, "r") if by_rule else score_where(settings, "TRUE", ["tone"])
    score_online(settings, seconds=300, now=NOW + MINUTE)
    assert len(server.requests) == 2
    with Store.of(settings).read() as reader:
        assert [row["source"] for row in reader.rows("SELECT * FROM scores WHERE name = 'tone'")] == ["backfill"]


def test_a_backfill_that_broke_too_settles_nothing(settings: Settings, answers: Any) -> None:
    """The rule goes on where it was."""
    server = answers(BUSY, BUSY, GOOD)
    score_online(settings, seconds=300, now=NOW)
    score_where(settings, "TRUE", ["tone"])
    score_online(settings, seconds=300, now=NOW + MINUTE)
    assert len(server.requests) == 3
    assert ("tone", "scored", 2, None) in ledger(settings)


def test_what_code_raises_waits_for_another_version(settings: Settings, answers: Any, tmp_path: Path) -> None:
    """Never again as it is; at once when it was mended."""
    answers(GOOD)
    for minutes in (0, 5, 60):
        score_online(settings, seconds=300, now=NOW + minutes * MINUTE)
    assert [row[1] for row in ledger(settings) if row[0] == "broken"] == ["error"]
    (tmp_path / "scorers.py").write_text(SCORERS.replace('raise ValueError("no")', "return True  # mended"))
    score_online(settings, seconds=300, now=NOW + 61 * MINUTE)
    assert [row[1] for row in ledger(settings) if row[0] == "broken"] == ["error", "scored"]


@pytest.mark.parametrize(("reply", "passes"), [(Reply.error(400), False), (Reply.error(429), True)])
def test_only_what_may_pass_is_made_again(settings: Settings, answers: Any, reply: Reply, passes: bool) -> None:
    """A request that the service refuses it will refuse again."""
    answers(reply)
    score_online(settings, seconds=300, now=NOW)
    (retry_at,) = [row[3] for row in ledger(settings) if row[0] == "tone"]
    assert (retry_at is not None) is passes
