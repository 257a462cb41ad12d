"""The traces of a conversation, from the store, online and in an evaluation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from otel_i2e.config import Settings
from otel_i2e.models import Case, Span, Subject, Turn
from otel_i2e.score import scorer, standalone
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, row_of, temporary_store, trace_of
from otel_i2e.workflows.scoring import score_online, score_where
from otel_i2e.workflows.subjects import subjects_of

NOW = datetime.now(UTC) - timedelta(minutes=5)


@scorer
def _looks(conversation: list[Turn]) -> float:
    return len(conversation)


def turn(number: int, talk: str, **columns: Any) -> tuple[Span, ...]:
    """A trace of which only the model call names the conversation."""
    at = NOW + timedelta(seconds=10 * number)
    root = agent_span(f"Question {number}", f"Answer {number}", start_time=at, **columns)
    return trace_of(root, llm_span(conversation_id=talk, **columns))


def subjects(spans: Sequence[Span], **cases: Case) -> list[Subject]:
    """Of every root, in order of start."""
    with temporary_store(list(spans)) as store, store.read() as reader:
        roots = reader.spans("parent_span_id IS NULL")[::-1]
        return subjects_of(reader, roots, [_looks], cases=cases)


def test_in_production_a_trace_sees_its_conversation_up_to_itself() -> None:
    """So what was scored of it stays right when the conversation goes on; other conversations are not seen."""
    spans = [span for number in (3, 1, 2) for span in turn(number, "a")] + [*turn(4, "b")]
    seen = [[one.input for one in subject.conversation] for subject in subjects(spans)]
    questions = [f"Question {number}" for number in (1, 2, 3)]
    assert seen == [questions[:1], questions[:2], questions, ["Question 4"]]


def test_of_a_long_conversation_the_latest_traces_are_seen() -> None:
    """A bound, so that an id that never ends cannot fill the memory."""
    last = subjects([span for number in range(203) for span in turn(number, "a")])[-1]
    assert [one.input for one in last.conversation][::199] == ["Question 3", "Question 202"]


def test_in_an_evaluation_the_traces_of_the_run_are_the_conversation() -> None:
    """Those of the same case and repeat that name one; neither production's nor another repeat's."""
    run = {"experiment_id": "e", "case_id": "c"}
    root = agent_span("script", "done", kind="chain", start_time=NOW, repeat=0, **run)
    spans = [root, *turn(1, "x", repeat=0, **run), *turn(2, "x", repeat=0, **run)]
    others = [*turn(3, "x", repeat=1, **run), *turn(0, "x")]
    found = subjects([*spans, *others], c=Case(id="c", input="script"))
    of_the_case = next(one for one in found if one.span.span_id == root.span_id)
    assert [one.input for one in of_the_case.conversation] == ["Question 1", "Question 2"]


def test_a_conversation_is_not_loaded_where_nobody_looks() -> None:
    """Only the parameter `conversation` asks for it."""
    spans = [*turn(1, "a"), *turn(2, "a")]
    traces = [one for one in standalone() if not one.needs_conversation]
    with temporary_store(spans) as store, store.read() as reader:
        assert all(not one.dialogue for one in subjects_of(reader, reader.spans(), traces))


RULE: dict[str, Any] = {"name": "talks", "where": "kind = 'agent'", "scorers": ["no_repeated_answers"], "quiet": 0}


def test_a_rule_scores_conversations_and_a_backfill_finds_them_scored(tmp_path: Path) -> None:
    """The third turn answers as the first did; the first alone is not applicable."""
    words = "Please send us the receipt first."
    spans = [*turn(1, "a"), *turn(2, "a"), *turn(3, "a")]
    given = [one.model_copy(update={"output_text": words}) if one.kind == "agent" else one for one in spans]
    given[2] = given[2].model_copy(update={"output_text": "Thank you, it is refunded within a week."})
    settings = Settings(store=str(tmp_path / "s.duckdb"), rules=(RULE,))
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(one) for one in given])
    score_online(settings)
    score_where(settings, "kind = 'agent'", ["no_repeated_answers"])
    with Store.of(settings).read() as reader:
        rows = reader.rows(
            "SELECT source, span_id, passed, explanation FROM scores JOIN spans USING (trace_id, span_id) "
            "ORDER BY source, start_time"
        )
    said = "turn 3 answers as turn 1 did: 'Please send us the receipt first.'"
    once = [(True, "2 turns, no answer twice"), (False, said)]
    assert [(row["passed"], row["explanation"]) for row in rows if row["source"] == "online"] == once
    assert [row["source"] for row in rows] == ["online", "online"]  # the backfill found them there


_APP = """
import otel_i2e.auto
import otel_i2e
from opentelemetry import context, trace

@otel_i2e.observe(kind="agent")
def agent(text):
    return "Which order do you mean, please?"

def below(script):
    with otel_i2e.conversation("talk"):
        return [agent(line) for line in script["lines"]]

def apart(script):
    with otel_i2e.conversation("talk"):
        token = context.attach(trace.set_span_in_context(trace.INVALID_SPAN))
        try:
            return [agent(line) for line in script["lines"]]
        finally:
            context.detach(token)

def answer(messages):
    return "Which order do you mean, please?"
"""


def test_an_evaluation_scores_what_its_task_played(tmp_path: Path) -> None:
    """Turns below the case's span, traces of their own, or the messages of the case: the same verdict."""
    (tmp_path / "app.py").write_text(_APP)
    (tmp_path / "evals").mkdir()
    (tmp_path / ".git").mkdir()
    talk = [{"role": "user", "content": "Refund"}, {"role": "assistant", "content": "Which order do you mean, please?"}]
    inputs = {
        "below": {"lines": ["Refund", "The laptop"]},
        "apart": {"lines": ["Refund", "The laptop"]},
        "answer": {"messages": [*talk, {"role": "user", "content": "The laptop"}]},
    }
    for task, given in inputs.items():
        case = {"id": task, "input": given, "must": [{"no_repeated_answers": True}]}
        (tmp_path / "evals" / f"{task}.jsonl").write_text(json.dumps(case) + "\n")
        subprocess.run(
            [sys.executable, "-c", "from otel_i2e.cli.main import main; main()", "eval", task, "--task", f"app:{task}"],
            cwd=tmp_path,
            env={**os.environ, "I2E_CAPTURE": "full"},
            check=True,
            capture_output=True,
        )
    with Store(tmp_path / ".i2e" / "i2e.duckdb").read() as reader:
        scores = {row.case_id: row for row in reader.scores()}
    assert {name: scores[name].passed for name in inputs} == dict.fromkeys(inputs, False)
    assert {scores[name].explanation for name in inputs} == {
        "turn 2 answers as turn 1 did: 'Which order do you mean, please?'"
    }
