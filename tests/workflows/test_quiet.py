"""When a trace counts as complete, and what becomes of spans that come later."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, retrieval_span, row_of, trace_of
from otel_i2e.workflows.scoring import score_online

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SCORERS = """
from otel_i2e import scorer

@scorer
def steps(trace: list) -> float:
    return float(len(trace))

@scorer
def short(output: str) -> bool:
    return len(output) < 5
"""
Project = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`project(quiet=10, …)`: settings of a project with one rule over agents that counts the spans of the trace."""

    def made(**rule: Any) -> Settings:
        (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
        table = {"name": "r", "where": "kind = 'agent'", "scorers": ["steps"], **rule}
        return Settings(
            store=str(tmp_path / "i2e.duckdb"), scorers=(str(tmp_path / "scorers.py"),), rules=(table,), source=""
        )

    return made


def add(settings: Settings, span: Span, at: datetime) -> None:
    """Store it as if it had come at this moment."""
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span.model_copy(update={"ingested_at": at}))])


def at(seconds: float) -> datetime:
    """So long after the first span came."""
    return NOW + timedelta(seconds=seconds)


def seen(settings: Settings) -> list[tuple[float, int]]:
    """Of each score: its value, and how many spans the ledger says that the scorer saw."""
    with Store.of(settings).read() as reader:
        return [
            (row["value"], row["trace_spans"])
            for row in reader.rows("SELECT value, trace_spans FROM scores JOIN score_ledger USING (span_id, rule)")
        ]


def test_a_trace_is_scored_once_nothing_came_for_the_quiet_period(project: Project) -> None:
    """Each span that comes begins it anew; the report says what waits."""
    settings = project(quiet=10)
    root, search, call = trace_of(agent_span(), retrieval_span("q", ["Yes."]), llm_span())
    add(settings, root, at(0))
    add(settings, search, at(8))
    assert _pass(settings, at(11)) == (0, 1)
    add(settings, call, at(15))
    assert _pass(settings, at(24)) == (0, 1)
    assert _pass(settings, at(25)) == (1, 0)
    assert seen(settings) == [(3.0, 3)]


def test_without_its_root_a_trace_is_not_complete(project: Project) -> None:
    """Spans end before their parents. A root that never comes is waited for `quiet_max` seconds, no longer."""
    settings = project(where="kind = 'llm'", quiet=1, quiet_max=60)
    root, call = trace_of(agent_span(), llm_span())
    add(settings, call, at(0))
    assert _pass(settings, at(59)) == (0, 1)
    assert _pass(settings, at(60)) == (1, 0)
    add(settings, root, at(61))
    assert seen(settings) == [(1.0, 1)]


def test_a_trace_that_never_rests_is_scored_after_the_maximum(project: Project) -> None:
    """However much goes on."""
    settings = project(quiet=10, quiet_max=30)
    root, *more = trace_of(agent_span(), *(llm_span() for _ in range(6)))
    add(settings, root, at(0))
    for n, span in enumerate(more):
        add(settings, span, at(5 * (n + 1)))
    assert _pass(settings, at(29.9)) == (0, 1)
    assert _pass(settings, at(30)) == (1, 0)


def test_a_scorer_of_the_span_waits_for_nothing(project: Project) -> None:
    """Its span is there."""
    settings = project(where="kind = 'llm'", scorers=["short"])
    _, call = trace_of(agent_span(), llm_span())
    add(settings, call, at(0))
    assert _pass(settings, at(0)) == (1, 0)


def test_what_waits_for_minutes_is_not_forgotten(project: Project) -> None:
    """Passes in between look at newer spans only, and still come back to it."""
    settings = project(where="kind = 'llm'", quiet=1, quiet_max=600)
    _, call = trace_of(agent_span(), llm_span())
    add(settings, call, at(0))
    assert [_pass(settings, at(seconds)) for seconds in (60, 180, 400, 599, 601)] == [*[(0, 1)] * 4, (1, 0)]


def test_a_late_span_changes_no_score(project: Project) -> None:
    """The score stays what was known then; the ledger says how much that was."""
    settings = project(quiet=5)
    root, late = trace_of(agent_span(), llm_span())
    add(settings, root, at(0))
    assert _pass(settings, at(5)) == (1, 0)
    add(settings, late, at(20))
    assert _pass(settings, at(60)) == (0, 0)
    assert seen(settings) == [(1.0, 1)]


SENDER = """
import json, sys
from datetime import UTC, datetime
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import row_of

print("ready", flush=True)
for line in sys.stdin:
    with Store(sys.argv[1], lock_timeout=60).write() as writer:
        writer.add_spans([row_of(Span.model_validate({**json.loads(line), "ingested_at": datetime.now(UTC)}))])
"""
FOLLOWER = """
import sys, time
from otel_i2e.config import Settings
from otel_i2e.workflows.scoring import score_online

settings = Settings(store=sys.argv[1], scorers=(sys.argv[2],), source="", lock_timeout=60, rules=(
    {"name": "r", "where": "kind = 'agent'", "scorers": ["steps"], "quiet": 4, "quiet_max": 300},))
print("ready", flush=True)
while True:
    score_online(settings)
    time.sleep(0.2)
"""


def test_three_processes_write_one_trace_and_two_score_it_once(project: Project, tmp_path: Path) -> None:
    """The root comes first; the scorer sees every span of it, once, in each of eight traces."""
    settings = replace(project(), lock_timeout=60.0)
    traces = [trace_of(agent_span(), *(llm_span() for _ in range(5))) for _ in range(8)]
    with Store.of(settings).write():
        pass
    with ExitStack() as stack:
        senders = [_started(stack, SENDER, settings.store) for _ in range(3)]
        for _ in range(2):
            _started(stack, FOLLOWER, settings.store, str(tmp_path / "scorers.py"))
        for trace in traces:
            for number, span in enumerate(trace):
                print(json.dumps(span.model_dump(mode="json")), file=senders[number % 3].stdin, flush=True)
        deadline = time.monotonic() + 120
        while len(seen(settings)) < len(traces) and time.monotonic() < deadline:
            time.sleep(0.3)
    assert seen(settings) == [(6.0, 6)] * len(traces)


def _started(stack: ExitStack, script: str, *args: str) -> subprocess.Popen[str]:
    """A process that has said that it is ready, and is killed when the stack is left."""
    command = [sys.executable, "-c", script, *args]
    process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _pass(settings: Settings, now: datetime) -> tuple[int, int]:
    """Attempts that a pass made, and spans that wait."""
    report = score_online(settings, now=now)
    return report.attempts, report.rules[0].waiting
