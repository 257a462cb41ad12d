"""Scoring what is stored, online and in a backfill: once each, within budgets, every attempt on record."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, QueryError, ScorerError, StoreError, UsageError
from otel_i2e.models import Span
from otel_i2e.score import keep
from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply, Tokens, agent_span, llm_span, retrieval_span, row_of, trace_of
from otel_i2e.workflows.scoring import check_rules, score_online, score_where
from otel_i2e.workflows.status import status

SCORERS = """
from otel_i2e import Document, Score, scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5

@scorer(threshold=1.0)
def grounded(output: str, documents: list[Document]) -> Score:
    return Score(value=float(any(output in (d.content or "") for d in documents)), explanation="looked")

@scorer
def broken(output: str) -> bool:
    return 1 / 0

@scorer
def silent(output: str) -> bool:
    return None
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
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Project = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`project(spans…, rules=[…])`: settings of a project whose store has these spans."""

    def made(*spans: Span, rules: Any = (), at: datetime = NOW, **settings: Any) -> Settings:
        (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
        (tmp_path / "judges").mkdir(exist_ok=True)
        (tmp_path / "judges" / "tone.md").write_text(TONE, encoding="utf-8")
        tables = [{"name": f"rule{n}", **rule} for n, rule in enumerate(rules)]
        store = Store(tmp_path / "i2e.duckdb")
        stamped = [span.model_copy(update={"ingested_at": span.ingested_at or at}) for span in spans]
        with store.write() as writer:
            writer.add_spans([row_of(span) for span in stamped])
        return Settings(
            store=str(store.path),
            scorers=(str(tmp_path / "scorers.py"),),
            source=str(tmp_path / "i2e.toml"),
            rules=tuple(tables),
            **settings,
        )

    return made


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of the store."""
    with Store.of(settings).read() as reader:
        return reader.rows(sql)


def ledger(settings: Settings) -> Counter[tuple[str, str]]:
    """How often each scorer ended how."""
    return Counter((row["scorer"], row["outcome"]) for row in rows(settings, "SELECT * FROM score_ledger"))


def test_a_rule_scores_what_matches(project: Project) -> None:
    """A score and a ledger row for each span and scorer, with who asked, what for and why."""
    good, bad = llm_span(output="Yes."), llm_span(output="Certainly not.")
    other = agent_span(output="Yes.")
    settings = project(good, bad, other, rules=[{"where": "kind = 'llm'", "scorers": ["short"]}])
    report = score_online(settings, now=NOW)
    assert [(t.scored, t.passed, t.failed) for t in report.rules[0].tallies] == [(2, 1, 1)]
    scores = {row["span_id"]: row for row in rows(settings, "SELECT * FROM scores")}
    assert set(scores) == {good.span_id, bad.span_id}
    score = scores[bad.span_id]
    assert (score["name"], score["value"], score["passed"], score["threshold"]) == ("short", 0.0, False, 1.0)
    assert (score["source"], score["rule"], score["trace_id"]) == ("online", "rule0", bad.trace_id)
    assert len(score["scorer_version"]) == 12
    assert ledger(settings) == {("short", "scored"): 2}


def test_nothing_is_scored_twice(project: Project) -> None:
    """A second pass finds nothing; another rule, and another version, are something else."""
    settings = project(llm_span(), rules=[{"scorers": ["short"]}])
    assert score_online(settings, now=NOW).attempts == 1
    assert score_online(settings, now=NOW).attempts == 0
    more = replace(settings, rules=({"name": "rule1", "scorers": ["short"]},))
    assert score_online(more, now=NOW).attempts == 1
    Path(settings.scorers[0]).write_text(SCORERS.replace("< 5", "< 6"), encoding="utf-8")
    assert score_online(settings, now=NOW).attempts == 1
    assert ledger(settings) == {("short", "scored"): 3}


def test_every_outcome_is_on_record(project: Project) -> None:
    """Not applicable, an error with its line, no content: none of them is a score."""
    settings = project(llm_span(), llm_span(output=None), rules=[{"scorers": ["short", "broken", "silent"]}])
    report = score_online(settings, now=NOW).rules[0]
    assert ledger(settings) == {
        ("short", "scored"): 1,
        ("short", "no_content"): 1,
        ("broken", "error"): 1,
        ("broken", "no_content"): 1,
        ("silent", "not_applicable"): 1,
        ("silent", "no_content"): 1,
    }
    assert len(rows(settings, "SELECT * FROM scores")) == 1
    reason = next(row["reason"] for row in rows(settings, "SELECT * FROM score_ledger WHERE outcome = 'error'"))
    assert reason.startswith("ZeroDivisionError: ")
    assert "scorers.py:" in reason
    assert report.tallies[1].first_error == reason
    assert score_online(settings, now=NOW).attempts == 0


def test_spans_of_experiments_and_repeated_calls_are_left_alone(project: Project) -> None:
    """An evaluation scores its own spans; a call that two instrumentations recorded is one call."""
    marked = llm_span(experiment_id="exp-1", case_id="c")
    repeat = llm_span(duplicate_of="0" * 16)
    settings = project(marked, repeat, rules=[{"where": "TRUE", "scorers": ["short"]}])
    assert score_online(settings, now=NOW).rules[0].spans == 0


def test_sampling_goes_by_trace_and_is_on_record(project: Project) -> None:
    """What is left out has a row as well, and is not drawn again."""
    spans = [llm_span() for _ in range(200)]
    settings = project(*spans, rules=[{"sample": 0.25, "scorers": ["short", "silent"]}])
    score_online(settings, seconds=60, now=NOW)
    kept = sum(keep(span.trace_id, 0.25) for span in spans)
    assert 20 < kept < 80
    assert ledger(settings) == {
        ("short", "scored"): kept,
        ("silent", "not_applicable"): kept,
        ("short", "sampled_out"): 200 - kept,
        ("silent", "sampled_out"): 200 - kept,
    }
    assert score_online(settings, seconds=60, now=NOW).attempts == 0


def test_a_pass_is_bounded_and_the_next_goes_on(project: Project) -> None:
    """The earliest first; nothing is forgotten."""
    spans = [llm_span(ingested_at=NOW + timedelta(seconds=n)) for n in range(5)]
    settings = project(*spans, rules=[{"scorers": ["short"]}])
    later = NOW + timedelta(minutes=1)
    assert [score_online(settings, limit=2, now=later).attempts for _ in range(4)] == [2, 2, 1, 0]


def test_time_that_is_up_leaves_the_rest_for_the_next_pass(project: Project) -> None:
    """No attempt begins after the deadline, and none is lost."""
    settings = project(llm_span(), llm_span(), rules=[{"scorers": ["short"]}])
    hurried = score_online(settings, seconds=-1, now=NOW)
    assert (hurried.attempts, hurried.rules[0].left) == (0, 2)
    assert score_online(settings, now=NOW).attempts == 2


def test_a_pass_looks_back_to_where_the_last_one_ended(project: Project) -> None:
    """What comes in late is found; what was stored more than a day ago is for a backfill."""
    old = llm_span(ingested_at=NOW - timedelta(days=2))
    settings = project(llm_span(), old, rules=[{"scorers": ["short"]}])
    assert score_online(settings, now=NOW).attempts == 1
    late = llm_span(ingested_at=NOW - timedelta(seconds=100))
    project(late)
    assert score_online(settings, now=NOW + timedelta(seconds=10)).attempts == 1
    assert score_where(settings, "TRUE", ["short"]).already == 2


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"scorers": ["gone"]}, "rule 'rule0': there is no scorer 'gone'; there are broken, cites_documents"),
        ({"where": "kindd = 'llm'", "scorers": ["short"]}, "rule 'rule0': where = \"kindd = 'llm'\": "),
        ({"where": "kind = ", "scorers": ["short"]}, "rule 'rule0': where = 'kind = ': "),
        ({"where": "CAST(name AS INTEGER) > 1", "scorers": ["short"]}, "Could not convert string"),
        ({"where": "x) OR (TRUE", "scorers": ["short"]}, "a ')' closes a bracket"),
        ({"where": "read_text('/etc/passwd') IS NULL", "scorers": ["short"]}, "rule 'rule0': where = "),
        ({"sample": 3, "scorers": ["short"]}, "rule 'rule0': sample = 3: "),
    ],
)
def test_a_broken_rule_says_so_and_stops_no_other(
    project: Project, rule: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the report, once in the log."""
    settings = project(llm_span(), rules=[rule, {"scorers": ["short"]}])
    report = score_online(settings, now=NOW)
    with suppress(ConfigError):
        check_rules(settings)
    score_online(settings, now=NOW)
    assert said in (report.rules[0].error or "")
    assert "\n" not in (report.rules[0].error or "")
    assert report.rules[1].tallies[0].scored == 1
    assert sum(said in record.getMessage() for record in caplog.records) == 1


def test_a_broken_file_stops_only_the_rules_that_need_it(project: Project, tmp_path: Path) -> None:
    """Judge prompts and other files go on."""
    (tmp_path / "bad.py").write_text("x ==", encoding="utf-8")
    settings = project(llm_span(), rules=[{"scorers": ["elsewhere"]}, {"scorers": ["short"]}])
    report = score_online(replace(settings, scorers=(*settings.scorers, str(tmp_path / "bad.py"))), now=NOW)
    assert "bad.py:1: cannot be loaded: SyntaxError" in (report.rules[0].error or "")
    assert report.rules[1].tallies[0].scored == 1


def test_without_rules_or_store_nothing_happens(project: Project, tmp_path: Path) -> None:
    """No file is made."""
    assert score_online(project(llm_span())).rules == ()
    nowhere = Settings(store=str(tmp_path / "none" / "i2e.duckdb"), rules=({"name": "r", "scorers": ["equals"]},))
    assert score_online(nowhere).rules == ()
    assert not (tmp_path / "none").exists()


def test_a_daily_budget_of_calls_holds_over_passes(project: Project) -> None:
    """What comes after is over budget; the next day (UTC) begins anew."""
    settings = project(*[llm_span() for _ in range(5)], rules=[{"scorers": ["short"], "daily_budget": 3}])
    score_online(settings, limit=2, now=NOW)
    score_online(settings, now=NOW)
    assert ledger(settings) == {("short", "scored"): 3, ("short", "over_budget"): 2}
    reason = rows(settings, "SELECT any_value(reason) AS reason FROM score_ledger WHERE outcome = 'over_budget'")
    assert reason == [{"reason": "the rule's budget of 3 calls a day is spent"}]
    tomorrow = NOW + timedelta(days=1)
    project(llm_span(), at=tomorrow)
    assert score_online(settings, now=tomorrow).rules[0].tallies[0].scored == 1


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    """A judge that finds everything good, for about $0.0105 a verdict."""
    verdict = Reply.json({"reasoning": "Kind.", "choice": "good"}, tokens=Tokens(uncached_input=3000, output=300))
    with MessagesServer(verdict) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield server


def test_a_judge_scores_with_its_cost_and_model(project: Project, court: MessagesServer) -> None:
    """Online, through the real SDK."""
    settings = project(llm_span(), rules=[{"scorers": ["tone"]}], judge={"max_retries": 0})
    tally = score_online(settings, seconds=60, now=NOW).rules[0].tallies[0]
    assert tally.passed == 1
    (score,) = rows(settings, "SELECT * FROM scores")
    assert (score["label"], score["explanation"], score["model"]) == ("good", "Kind.", "claude-sonnet-5")
    (row,) = rows(settings, "SELECT * FROM score_ledger")
    assert score["cost_usd"] == row["cost_usd"] == tally.cost_usd
    assert 0.005 < score["cost_usd"] < 0.03
    assert len(court.requests) == 1


def test_a_daily_budget_in_dollars_is_overspent_by_one_verdict_at_most(project: Project, court: MessagesServer) -> None:
    """Although sixteen questions may be asked at once, and what each will cost is not known before."""
    settings = project(*[llm_span() for _ in range(40)], judge={"max_retries": 0})
    once = score_where(settings, "TRUE", ["tone"], limit=1).tallies[0].cost_usd
    assert once is not None
    rule = {"name": "r", "scorers": ["tone", "short"], "daily_budget_usd": 7.5 * once}
    report = score_online(replace(settings, rules=(rule,)), now=NOW).rules[0]
    assert report.tallies[0].scored == 8
    assert (report.tallies[0].over_budget, report.tallies[1].scored) == (32, 40)
    (spent,) = rows(settings, "SELECT sum(cost_usd) AS usd FROM score_ledger WHERE source = 'online'")
    assert spent["usd"] <= 8.5 * once
    project(llm_span())
    assert score_online(replace(settings, rules=(rule,)), now=NOW).rules[0].tallies[0].over_budget == 1


def test_a_price_that_is_not_known_keeps_no_budget(project: Project, court: MessagesServer, tmp_path: Path) -> None:
    """One verdict shows it; then the budget counts as spent, today and in the next pass."""
    settings = project(llm_span(), llm_span(), llm_span(), rules=[{"scorers": ["tone"], "daily_budget_usd": 1}])
    (tmp_path / "judges" / "tone.md").write_text(TONE.replace("claude-sonnet-5", "claude-of-tomorrow"))
    tally = score_online(settings, seconds=60, now=NOW).rules[0].tallies[0]
    assert (tally.scored, tally.over_budget) == (1, 2)
    project(llm_span())
    (tmp_path / "judges" / "tone.md").write_text(TONE.replace("claude-sonnet-5", "claude-of-tomorrow"))
    tally = score_online(settings, seconds=60, now=NOW).rules[0].tallies[0]
    assert (tally.scored, tally.over_budget) == (0, 1)
    assert len(court.requests) == 1


def test_without_a_key_the_judge_is_an_error_and_the_rest_is_scored(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One clear reason in the ledger."""
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = project(llm_span(), rules=[{"scorers": ["tone", "short"]}])
    tone, short = score_online(settings, now=NOW).rules[0].tallies
    assert (tone.errors, tone.scored, short.scored) == (1, 0, 1)
    assert tone.first_error == (
        "the judge has no API key: set ANTHROPIC_API_KEY; scorers without a judge run without one"
    )


def test_the_store_is_free_while_scorers_run(project: Project, tmp_path: Path) -> None:
    """A scorer that is at work holds up no writer and no reader."""
    settings = project(llm_span(), rules=[{"scorers": ["writes"]}])
    (tmp_path / "writes.py").write_text(
        "from otel_i2e import scorer\n"
        "from otel_i2e.store import Store\n"
        "@scorer\n"
        "def writes(output: str) -> bool:\n"
        f"    with Store({settings.store!r}, lock_timeout=0.2).write() as writer:\n"
        "        return writer.add_scores([]) == 0\n",
        encoding="utf-8",
    )
    report = score_online(replace(settings, scorers=(str(tmp_path / "writes.py"),)), now=NOW)
    assert report.rules[0].tallies[0].passed == 1


def test_one_process_scores_at_a_time(project: Project, tmp_path: Path) -> None:
    """Another that comes meanwhile says that it is busy and does nothing."""
    settings = project(llm_span(), rules=[{"scorers": ["waiting"]}])
    reached, go_on = tmp_path / "reached", tmp_path / "go"
    (tmp_path / "waiting.py").write_text(
        "import pathlib, time\n"
        "from otel_i2e import scorer\n"
        "@scorer\n"
        "def waiting(output: str) -> bool:\n"
        f"    pathlib.Path({str(reached)!r}).touch()\n"
        "    deadline = time.monotonic() + 60\n"
        f"    while not pathlib.Path({str(go_on)!r}).exists() and time.monotonic() < deadline: time.sleep(0.005)\n"
        "    return True\n",
        encoding="utf-8",
    )
    settings = replace(settings, scorers=(str(tmp_path / "waiting.py"),))
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(score_online(settings, now=NOW).attempts))
    thread.start()
    poll(reached.exists)
    assert score_online(settings, now=NOW).busy
    go_on.touch()
    thread.join(90)
    assert done == [1]
    assert not score_online(settings, now=NOW).busy


def poll(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `true()`, or fail."""
    deadline = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if true():
            return
        deadline.wait(0.01)
    raise AssertionError("it never became true")


def test_several_processes_score_each_span_once(project: Project, tmp_path: Path) -> None:
    """Three at once over the same store, in small passes."""
    settings = project(*[llm_span() for _ in range(16)], rules=[{"scorers": ["short", "silent"]}], at=datetime.now(UTC))
    code = (
        "import json, sys\n"
        "from otel_i2e.config import Settings\n"
        "from otel_i2e.workflows.scoring import score_online\n"
        "settings = Settings(**json.loads(sys.argv[1]))\n"
        "made, report = 0, None\n"
        "while report is None or report.busy or report.attempts:\n"
        "    report = score_online(settings, limit=4)\n"
        "    made += report.attempts\n"
        "print(made)\n"
    )
    given = {name: getattr(settings, name) for name in ("store", "scorers", "source", "rules")}
    runs = [
        subprocess.Popen([sys.executable, "-c", code, json.dumps(given)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    made = [int(run.communicate(timeout=240)[0]) for run in runs]
    assert sum(made) == 32
    assert ledger(settings) == {("short", "scored"): 16, ("silent", "not_applicable"): 16}
    assert len(rows(settings, "SELECT * FROM scores")) == 16


def test_a_crash_before_the_rows_are_stored_scores_nothing_twice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pass is made again, and what had reached the store under another pass is one row."""
    settings = project(llm_span(), rules=[{"scorers": ["short"]}])

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("otel_i2e.store.Writer.add_ledger", crash)
        with pytest.raises(ZeroDivisionError):
            score_online(settings, now=NOW)
    assert rows(settings, "SELECT * FROM scores") == []
    assert score_online(settings, now=NOW).attempts == 1
    assert len(rows(settings, "SELECT * FROM scores")) == 1


def test_a_backfill_scores_what_has_no_score_yet(project: Project) -> None:
    """The latest first, `limit` at a time; a score of online counts, an error is tried again."""
    spans = [llm_span(start_time=NOW - timedelta(hours=n)) for n in range(5)]
    settings = project(*spans, rules=[{"where": f"span_id = '{spans[4].span_id}'", "scorers": ["short", "broken"]}])
    score_online(settings, now=NOW)
    first = score_where(settings, "kind = 'llm'", ["short"], limit=2)
    assert (first.spans, first.already, first.left, first.tallies[0].scored) == (2, 1, 2, 2)
    latest = {row["span_id"] for row in rows(settings, "SELECT * FROM scores WHERE source = 'backfill'")}
    assert latest == {spans[0].span_id, spans[1].span_id}
    second = score_where(settings, "kind = 'llm'", ["short", "broken"])
    assert (second.spans, second.tallies[0].scored, second.tallies[1].errors) == (5, 2, 5)
    third = score_where(settings, "kind = 'llm'", ["short"])
    assert (third.spans, third.already, third.tallies[0].scored) == (0, 5, 0)
    assert len(rows(settings, "SELECT * FROM scores")) == 5


def test_a_backfill_can_be_tried_dry(project: Project) -> None:
    """It says how many, asks nobody, stores nothing."""
    settings = project(llm_span(), llm_span())
    report = score_where(settings, "TRUE", ["short", "tone"], dry_run=True)
    assert (report.spans, report.left, report.tallies[0].scored) == (0, 2, 0)
    assert ledger(settings) == {}


def test_a_backfill_goes_in_chunks_and_tells_how_far_it_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crash loses is bounded."""
    monkeypatch.setattr("otel_i2e.workflows.backfill._CHUNK", 2)
    monkeypatch.setattr("otel_i2e.workflows.backfill._SECONDS", 0)
    told: list[tuple[int, int]] = []
    settings = project(*[llm_span() for _ in range(5)])
    score_where(settings, "TRUE", ["short"], on_span=lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_backfill_can_be_bounded_in_time(project: Project) -> None:
    """By the start of the span."""
    now = datetime.now(UTC)
    settings = project(llm_span(start_time=now), llm_span(start_time=now - timedelta(days=3)))
    assert score_where(settings, "TRUE", ["short"], since=datetime.now(UTC) - timedelta(days=1)).spans == 1


@pytest.mark.parametrize(
    ("where", "scorer", "error", "said"),
    [
        ("kindd = 1", "short", QueryError, "--where 'kindd = 1': "),
        ("TRUE; SELECT 1", "short", UsageError, "it holds a ';'"),
        ("TRUE", "gone", ScorerError, "there is no scorer 'gone'"),
    ],
)
def test_a_mistake_in_a_backfill_is_one_line(
    project: Project, where: str, scorer: str, error: type[Exception], said: str
) -> None:
    """Before anything is scored."""
    with pytest.raises(error) as caught:
        score_where(project(llm_span()), where, [scorer])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_backfill_of_nothing_names_the_remedy(tmp_path: Path) -> None:
    """No store yet."""
    with pytest.raises(StoreError, match="nothing is stored yet"):
        score_where(Settings(store=str(tmp_path / "i2e.duckdb")), "TRUE", ["equals"])


def test_online_and_backfill_give_the_same_score(project: Project) -> None:
    """The same span, rows and code: value, label, explanation, threshold and version are equal."""
    spans = trace_of(agent_span(), retrieval_span("q", ["Yes."]), llm_span(output="Yes."))
    settings = project(*spans, rules=[{"where": "kind = 'llm'", "scorers": ["grounded", "short"], "quiet": 0}])
    score_online(settings, now=NOW)
    telling = "SELECT name, value, label, explanation, threshold, passed, scorer_version FROM scores ORDER BY name"
    online = rows(settings, telling)
    with Store.of(settings).write() as writer:
        writer._connection.execute("DELETE FROM scores")
    score_where(settings, "kind = 'llm'", ["grounded", "short"])
    assert rows(settings, telling) == online
    assert len(online) == 2


RECORDED = """
import json, sys
from datetime import UTC, datetime
import otel_i2e
from otel_i2e.config import Settings
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.scoring import score_online

settings = Settings(**json.loads(sys.argv[1]))
recorder = otel_i2e.configure(store=settings.store, ingest="off")
import anthropic
print(score_online(settings).attempts)
with otel_i2e.span("app", kind="chain"):
    anthropic.Anthropic().messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])
assert recorder.flush(10)
assert drain(settings, 10)
"""


def test_a_recording_application_records_neither_the_judge_nor_a_score_twice(
    project: Project, court: MessagesServer
) -> None:
    """Its own calls are recorded all the same; scores that leave as events and come back are known."""
    settings = project(llm_span(), rules=[{"scorers": ["tone", "short"]}], at=datetime.now(UTC))
    given = {name: getattr(settings, name) for name in ("store", "scorers", "source", "rules")}
    run = subprocess.run(
        [sys.executable, "-c", RECORDED, json.dumps(given)], capture_output=True, text=True, timeout=240, check=False
    )
    assert (run.returncode, run.stdout) == (0, "2\n"), run.stderr
    assert len(court.requests) == 2
    found = rows(settings, "SELECT name, kind FROM spans WHERE service_name IS DISTINCT FROM 'shop' ORDER BY kind")
    assert [row["kind"] for row in found] == ["chain", "llm"], run.stderr
    assert Counter(row["name"] for row in rows(settings, "SELECT * FROM scores")) == {"tone": 1, "short": 1}
    assert ledger(settings) == {("tone", "scored"): 1, ("short", "scored"): 1}


HANG = """
import threading
from otel_i2e import scorer

@scorer
def hang(output: str) -> bool:
    return threading.Event().wait()

@scorer
def fine(output: str) -> bool:
    return True
"""


def test_a_scorer_that_hangs_stops_no_other_rule(project: Project, tmp_path: Path) -> None:
    """The other rule's spans are all scored in the same pass; the ledger and the status say what hangs."""
    spans = [llm_span(output="Yes.") for _ in range(40)]
    settings = project(*spans, rules=[{"scorers": ["hang"]}, {"scorers": ["fine"]}], scorer_timeout=0.05)
    (tmp_path / "scorers.py").write_text(HANG, encoding="utf-8")
    score_online(settings, now=NOW)
    found = ledger(settings)
    assert found["fine", "scored"] == 40
    assert found["hang", "error"] == 40
    errors = [row["reason"] for row in rows(settings, "SELECT reason FROM score_ledger WHERE scorer = 'hang'")]
    assert sum(error.startswith("took longer than 0.05 s") for error in errors) == 3
    assert sum(error.startswith("suspended in this process") for error in errors) == 37
    assert any("'rule0': 40 attempts broke" in warning for warning in status(settings).warnings)


def test_after_its_time_a_pass_waits_for_one_hanging_call_only(project: Project, tmp_path: Path) -> None:
    """What hangs gets one call in a pass whose time is up; the others have been scored beside it."""
    spans = [llm_span(output="Yes.") for _ in range(40)]
    settings = project(*spans, rules=[{"scorers": ["hang"]}, {"scorers": ["fine"]}], scorer_timeout=3.0)
    (tmp_path / "scorers.py").write_text(HANG.replace("def hang", "def hang_on"), encoding="utf-8")
    settings = replace(settings, rules=({**settings.rules[0], "scorers": ["hang_on"]}, settings.rules[1]))
    score_online(settings, now=NOW, seconds=2.0)
    assert ledger(settings) == {("fine", "scored"): 40, ("hang_on", "error"): 1}


def test_a_scorer_that_hangs_does_not_hold_up_the_end_of_a_process(project: Project, tmp_path: Path) -> None:
    """A backfill has its error, and the process ends with the thread still hanging."""
    settings = project(llm_span(output="Yes."))
    (tmp_path / "scorers.py").write_text(HANG, encoding="utf-8")
    (tmp_path / "i2e.toml").write_text(
        'store = "i2e.duckdb"\nscorers = ["scorers.py"]\nscorer_timeout = 0.1\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "otel_i2e", "score", "--where", "kind = 'llm'", "--scorer", "hang"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "took longer than 0.1 s" in done.stdout + done.stderr
    assert ledger(settings) == {("hang", "error"): 1}
