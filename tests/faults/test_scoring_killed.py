"""A process that is killed while it scores: the next one goes on, and nothing is scored twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply, TextBlock, llm_span, row_of

_SCORERS: Final = """
import time
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    time.sleep(0.01)
    return len(output) < 20

@scorer
async def silent(output: str) -> bool:
    return None
"""
_TONE: Final = """+++
fields = ["output"]
threshold = 1.0
model = "claude-sonnet-5"
[choices]
good = 1
bad = 0
+++
Is it good?
"""
_ONLINE: Final = """
import json, sys
from otel_i2e.config import Settings
from otel_i2e.workflows.scoring import score_online
settings = Settings(**json.loads(sys.argv[1]))
print("ready", flush=True)
while (report := score_online(settings, limit=10)).busy or report.attempts:
    pass
"""
_BACKFILL: Final = """
import json, sys
from otel_i2e.config import Settings
from otel_i2e.workflows import backfill
backfill._CHUNK = 10
settings = Settings(**json.loads(sys.argv[1]))
print("ready", flush=True)
backfill.score_where(settings, "true", ["short", "silent", "tone"], cache=False)
"""
_VERDICT: Final = '{"reasoning": "Kind.", "choice": "good"}'
_SPANS: Final = 60
_NAMES: Final = ("short", "silent", "tone")


def test_a_killed_scorer_scores_nothing_twice(tmp_path: Path, full: bool) -> None:
    """SIGKILL at any moment of a pass; each span, rule and scorer ends with one row, and each score is one."""
    kills = 30 if full else 4
    asked = _killed_and_restarted(tmp_path, _ONLINE, kills)
    with Store(tmp_path / "s.duckdb").read() as reader:
        rows = reader.rows("SELECT scorer, span_id, count(*) AS n FROM score_ledger GROUP BY ALL")
        scores = reader.rows("SELECT name, span_id, count(*) AS n FROM scores GROUP BY ALL")
    assert len(rows) == _SPANS * len(_NAMES)
    assert {row["n"] for row in rows} == {1}
    assert len(scores) == _SPANS * 2
    assert {row["n"] for row in scores} == {1}
    print(
        f"{kills} kills -9 of online scoring: 0 of {len(scores)} scores twice, {asked - _SPANS} judge calls made again"
    )


def test_a_killed_backfill_scores_nothing_twice(tmp_path: Path, full: bool) -> None:
    """A chunk that was not stored is made again by the next call, and no other."""
    kills = 30 if full else 4
    asked = _killed_and_restarted(tmp_path, _BACKFILL, kills)
    with Store(tmp_path / "s.duckdb").read() as reader:
        scores = reader.rows("SELECT name, span_id, count(*) AS n FROM scores GROUP BY ALL")
        ids = reader.rows("SELECT count(*) - count(DISTINCT score_id) AS twice FROM scores")
    assert len(scores) == _SPANS * 2
    assert {row["n"] for row in scores} == {1}
    assert ids == [{"twice": 0}]
    print(f"{kills} kills -9 of a backfill: 0 of {len(scores)} scores twice, {asked - _SPANS} judge calls made again")


def test_killed_scorers_overspend_no_daily_budget(tmp_path: Path, full: bool) -> None:
    """SIGKILL of two processes at any moment, over and over: no question beyond the budget, none scored twice.

    A call that was in flight is spent; one whose verdict was there is not asked again.
    """
    kills, spans, budget = (30, 600, 400) if full else (3, 60, 40)
    settings = _project(tmp_path, spans)
    settings["judge"] |= {"daily_budget": budget, "concurrency": 8}
    settings["rules"][0] |= {"scorers": ["tone"]}
    moments = random.Random(11)
    with MessagesServer(lambda _: Reply((TextBlock(_VERDICT),), delay=0.02)) as server:
        environ = {**os.environ, "ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": server.url}
        for _ in range(kills):
            both = [_started(_ONLINE, settings, environ) for _ in range(2)]
            for process in both:
                _until(server, len(server.requests) + moments.randrange(1, budget // 10 + 6), both)
                process.kill()
                process.wait()
        for process in [_started(_ONLINE, settings, environ) for _ in range(2)]:
            assert process.wait(240) == 0
        asked = len(server.requests)
    with Store(tmp_path / "s.duckdb").read() as reader:
        scores = reader.rows("SELECT span_id, count(*) AS n FROM scores GROUP BY ALL")
        (ledger,) = reader.rows("SELECT count(*) AS rows, count(DISTINCT span_id) AS spans FROM score_ledger")
    assert {row["n"] for row in scores} == {1}
    assert ledger == {"rows": spans, "spans": spans}
    assert len(scores) <= asked <= budget
    print(
        f"{2 * kills} kills -9 of two processes that score: {asked} questions of a daily budget of {budget}, "
        f"{len(scores)} verdicts stored, none twice; {budget - len(scores)} calls were in flight when they were killed"
    )


def _killed_and_restarted(folder: Path, code: str, kills: int) -> int:
    """Kill it so many times, let it end, run it once more; how many questions the judge was asked."""
    settings = _project(folder)
    moments = random.Random(7)
    asked = 0
    with MessagesServer(Reply.text(_VERDICT)) as server:
        environ = {**os.environ, "ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": server.url}
        for _ in range(kills):
            process = _started(code, settings, environ)
            _wait(process, moments.uniform(0.02, 1.5))
            process.kill()
            process.wait()
        for _ in range(2):  # the second has nothing to do
            assert _started(code, settings, environ).wait(240) == 0
            asked = len(server.requests)
    return asked


def _started(code: str, settings: dict[str, Any], environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, json.dumps(settings)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


def _until(server: MessagesServer, questions: int, asking: list[subprocess.Popen[str]]) -> None:
    """Wait for so many questions in all; no longer than anybody asks."""
    while len(server.requests) < questions and any(process.poll() is None for process in asking):
        time.sleep(0.002)


def _project(folder: Path, many: int = _SPANS) -> dict[str, Any]:
    (folder / "scorers.py").write_text(_SCORERS, encoding="utf-8")
    (folder / "judges").mkdir()
    (folder / "judges" / "tone.md").write_text(_TONE, encoding="utf-8")
    now = datetime.now(UTC)
    spans = [llm_span(output=f"{n}", start_time=now - timedelta(minutes=n), ingested_at=now) for n in range(many)]
    with Store(folder / "s.duckdb").write() as writer:
        writer.add_spans([row_of(span) for span in spans])
    return {
        "store": str(folder / "s.duckdb"),
        "scorers": [str(folder / "scorers.py")],
        "source": str(folder / "i2e.toml"),
        "rules": [{"name": "r", "where": "true", "scorers": list(_NAMES)}],
        "judge": {"max_retries": 0},
    }
