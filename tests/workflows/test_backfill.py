"""Scoring by hand what a rule matches, one span, one trace: once each, whoever else is at it, whatever is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import UsageError
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, trace_of
from otel_i2e.workflows.rule_rates import rule_scorers
from otel_i2e.workflows.scoring import score_online, score_rule, score_where

SCORERS = """
import time
from pathlib import Path
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5

@scorer
def slow(output: str) -> bool:
    time.sleep(0.01)
    with Path(__file__).with_name("calls").open("a") as file:
        file.write(output + "\\n")
    return True
"""
RULES = """
store = "i2e.duckdb"
scorers = ["scorers.py"]
[[rules]]
name = "tenth"
sample = 0.1
keep = []
scorers = ["short"]
[[rules]]
name = "next"
shadow = true
scorers = ["short"]
[[rules]]
name = "slow"
scorers = ["slow"]
"""
FOLLOW = """
from pathlib import Path
from otel_i2e.config import load_settings
from otel_i2e.workflows.scoring import score_online
"""
CODE = "from otel_i2e.cli.main import main; main()"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project with three rules."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
    (tmp_path / "i2e.toml").write_text(RULES, encoding="utf-8")
    return load_settings({}, config=tmp_path / "i2e.toml")


def add(settings: Settings, *spans: Span) -> None:
    """Store them."""
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for span in spans])


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of the store."""
    with Store.of(settings).read() as reader:
        return reader.rows(sql)


def test_a_rule_by_name_scores_what_its_sample_left_out(settings: Settings) -> None:
    """With weight 0, because others were drawn to stand for it; what it has scored is left alone."""
    add(settings, *(llm_span(trace_id=f"{n:018x}" + end) for n, end in enumerate(("f" * 14, "0" * 14, "0" * 14))))
    score_online(settings, seconds=60)
    report = score_rule(settings, "tenth")
    assert (report.already, report.spans, report.tallies[0].scored) == (1, 2, 2)
    found = rows(settings, "SELECT source, weight FROM scores WHERE rule = 'tenth' ORDER BY weight")
    assert [(row["source"], round(row["weight"])) for row in found] == [
        ("backfill", 0),
        ("backfill", 0),
        ("online", 10),
    ]
    assert score_rule(settings, "tenth").spans == 0
    with pytest.raises(UsageError, match="there is no such rule; there are tenth, next, slow"):
        score_rule(settings, "ninth")


def test_what_was_drawn_and_not_scored_keeps_its_weight(settings: Settings) -> None:
    """A budget was spent: the rate speaks for all that the rule matches, and not for those in time."""
    settings = replace(settings, rules=({**settings.rules[0], "daily_budget": 2},))
    ends = ("f" * 14, "0" * 14, "0" * 14)
    add(settings, *(llm_span(trace_id=f"{n:018x}" + end, output="Yes.") for n, end in enumerate(ends * 2)))
    score_online(settings, seconds=60)
    add(settings, *(llm_span(trace_id=f"1{n:017x}" + end, output="Never") for n, end in enumerate(ends * 2)))
    score_online(settings, seconds=60)
    score_rule(settings, "tenth")
    found = rows(settings, "SELECT passed, source, round(weight) AS weight FROM rated_scores WHERE weight > 0")
    assert sorted((row["passed"], row["source"], row["weight"]) for row in found) == [
        *[(False, "backfill", 10.0)] * 2,
        *[(True, "online", 10.0)] * 2,
    ]
    assert len(rows(settings, "SELECT * FROM scores")) == 12
    with Store.of(settings).read() as reader:
        (one,) = rule_scorers(reader, datetime.now(UTC))
    assert (one.scored, one.considered, one.pass_rates[0].rate.rate) == (12, 12, 0.5)


def test_a_rule_in_shadow_stays_in_shadow(settings: Settings) -> None:
    """By hand as well, and once."""
    add(settings, llm_span(), llm_span())
    assert score_rule(settings, "next").tallies[0].scored == 2
    assert score_rule(settings, "next").spans == 0
    assert rows(settings, "SELECT * FROM scores") == []
    assert len(rows(settings, "SELECT * FROM shadow_scores")) == 2


def test_what_a_backfill_of_the_rule_has_done_is_not_done_again_online(settings: Settings) -> None:
    """It asked for the same rule."""
    add(settings, llm_span())
    score_rule(settings, "slow")
    score_online(settings, seconds=60)
    assert [row["rule"] for row in rows(settings, "SELECT rule FROM scores WHERE name = 'slow'")] == ["slow"]


@pytest.mark.parametrize(("args", "spans"), [(["--span", "{span}"], 1), (["--trace", "{trace}"], 3),
                                             (["--conversation", "it's"], 1)])  # fmt: skip
def test_one_span_trace_or_conversation(
    settings: Settings, args: list[str], spans: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a beginning of its id."""
    root, *calls = trace_of(agent_span(), llm_span(), llm_span(conversation_id="it's"))
    add(settings, root, *calls, llm_span())
    named = [part.format(span=calls[0].span_id[:12].upper(), trace=root.trace_id[:12]) for part in args]
    with pytest.raises(SystemExit) as ended:
        main(["score", *named, "--scorer", "short"])
    assert ended.value.code in (0, None)
    assert len(rows(settings, "SELECT * FROM scores")) == spans
    with pytest.raises(SystemExit):
        main(["score", *named, "--scorer", "short"])
    assert "have these scores already" in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "done"), [(3600, [200, 600, 1400, 2000]), (0, [200, 400, 600, 800, 1000])])
def test_chunks_grow_while_they_are_quick(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seconds: float, done: list[int]
) -> None:
    """To the size at which opening the store counts for little; one that took longer is not followed by a larger."""
    monkeypatch.setattr("otel_i2e.workflows.backfill._SECONDS", seconds)
    add(settings, *(llm_span() for _ in range(done[-1])))
    told: list[int] = []
    score_where(settings, "TRUE", ["no_loops"], limit=10_000, on_span=lambda so_far, _: told.append(so_far))
    assert told == done


def test_two_backfills_at_once_score_nothing_twice(settings: Settings, tmp_path: Path) -> None:
    """One chunk at a time, and each looks again at what is done."""
    add(settings, *(llm_span(output=f"answer {n}") for n in range(300)))
    both = [_started(tmp_path) for _ in range(2)]
    assert [process.wait(timeout=200) for process in both] == [0, 0]
    assert Counter((tmp_path / "calls").read_text().split("\n")[:-1]).most_common(1)[0][1] == 1
    assert len(rows(settings, "SELECT * FROM scores")) == len(rows(settings, "SELECT * FROM score_ledger")) == 300


def test_a_backfill_that_is_killed_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    """kill -9 after the first chunk: what is stored is not scored again, and nothing is stored twice."""
    add(settings, *(llm_span(output=f"answer {n}") for n in range(600)))
    process = _started(tmp_path)
    deadline = time.monotonic() + 100
    while not rows(settings, "SELECT * FROM scores LIMIT 1") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    stored = {row["span_id"] for row in rows(settings, "SELECT span_id FROM scores")}
    assert 200 <= len(stored) < 600
    before = (tmp_path / "calls").read_text().count("\n")
    assert _started(tmp_path).wait(timeout=200) == 0
    assert (tmp_path / "calls").read_text().count("\n") - before == 600 - len(stored)
    found = Counter(row["span_id"] for row in rows(settings, "SELECT span_id FROM scores"))
    assert (len(found), set(found.values())) == (600, {1})


def test_a_rule_that_is_killed_keeps_its_budget(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """kill -9 in the middle of a pass: what ended is on record, the call in flight is spent, nothing is made twice."""
    add(settings, *(llm_span(output=f"answer {n}") for n in range(600)))
    (tmp_path / "i2e.toml").write_text(RULES + "daily_budget = 400\n", encoding="utf-8")
    (tmp_path / "scorers.py").write_text(SCORERS.replace("0.01", "0.02"), encoding="utf-8")
    settings = load_settings({}, config=tmp_path / "i2e.toml")
    code = f"{FOLLOW}score_online(load_settings({{}}, config=Path({str(tmp_path / 'i2e.toml')!r})), seconds=60)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    deadline = time.monotonic() + 100
    while not rows(settings, "SELECT * FROM scores WHERE name = 'slow' LIMIT 1") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    before = (tmp_path / "calls").read_text().count("\n")
    stored = len(rows(settings, "SELECT * FROM scores WHERE name = 'slow'"))
    assert 0 < stored <= before < 400
    score_online(settings, seconds=100)
    calls = (tmp_path / "calls").read_text().count("\n")
    with capsys.disabled():
        print(f"\nkill -9 after {before} calls, {stored} in the store: {calls} calls of a budget of 400 in all")
    found = Counter(row["span_id"] for row in rows(settings, "SELECT span_id FROM scores WHERE name = 'slow'"))
    assert 399 <= len(found) <= calls <= 400
    assert set(found.values()) == {1}


def _started(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CODE, "score", "--rule", "slow", "--json"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
