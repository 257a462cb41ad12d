"""Evaluations: each in a process of its own, as `i2e eval` runs them, read back from the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.models import Case, Experiment, Outcome
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply
from otel_i2e.workflows.evaluation_plan import Selection

_CLI = "from otel_i2e.cli.main import main; main()"
_APP = """
import asyncio, logging, time
import otel_i2e.auto
import otel_i2e
from opentelemetry import trace

def answer(question):
    with trace.get_tracer("app").start_as_current_span("lookup"):
        return "30 days" if "laptop" in question else "no idea"

@otel_i2e.observe(kind="agent")
async def aanswer(question, context):
    otel_i2e.record_documents(["Laptops: 30 days."])
    await asyncio.sleep(0)
    return f"{len(context.documents)} documents, 30 days"

def broken(question):
    if "laptop" in question:
        raise ValueError("no such order")
    return "no idea"

def calls(question):
    model = {"known": "claude-sonnet-4-5-20250929", "unknown": "nobody-1"}.get(question)
    if model is not None:
        with trace.get_tracer("app").start_as_current_span("chat") as span:
            span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.request.model": model,
                "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100})
    if question == "broken":
        raise ValueError("it broke, perhaps in a call")
    return "30 days"

def hangs(question):
    if "laptop" in question:
        time.sleep(60)
    return "no idea"

def stops(question):
    if "laptop" not in question:
        open("started", "a").close()
        time.sleep(60)
    return "30 days"

def two(question, tier):
    return question
"""
_OWN_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
import otel_i2e.auto
def answer(question):
    return "30 days"
"""
_SCORERS = """
from otel_i2e import scorer

@scorer(threshold=1.0)
def grounded(output: str, documents: list) -> bool:
    return any("30 days" in (document.content or "") for document in documents)

@scorer
def raises(output: str) -> bool:
    raise RuntimeError("broken scorer")

@scorer
def short(output: str) -> float:
    return len(output) / 100
"""
_SETTINGS = """
scorers = ["scorers.py"]
capture = "metadata"
[[rules]]
name = "online"
where = "true"
scorers = ["short"]
"""


class _Project:
    """A directory with an application, scorers and a dataset."""

    def __init__(self, folder: Path, forked_i2e: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        self.folder, self.forked_i2e = folder, forked_i2e
        (folder / ".git").mkdir()
        (folder / "evals").mkdir()
        for name, text in (("app.py", _APP), ("scorers.py", _SCORERS), ("i2e.toml", _SETTINGS)):
            (folder / name).write_text(text)
        (folder / "own.py").write_text(_OWN_PROVIDER)
        self.dataset(
            '{"id": "laptop", "input": "laptop?", "must": [{"contains": "30 days"}], "priority": "P0"}',
            '{"id": "banana", "input": "banana?", "must": [{"contains": "30 days"}], "tags": ["fruit"]}',
        )

    def dataset(self, *rows: str) -> None:
        (self.folder / "evals" / "refunds.jsonl").write_text("\n".join(rows) + "\n")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", _CLI, "eval", "refunds", "--task", *arguments]

    def eval(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        words = self.command(*arguments)[3:]
        return self.forked_i2e(*words, cwd=self.folder, env={**os.environ, **environ})

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **environ},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def recorded(self, *arguments: str, **environ: str) -> Experiment:
        done = self.eval(*arguments, **environ)
        assert done.returncode == 0, done.stderr
        return self.latest()

    @property
    def store(self) -> Store:
        return Store(self.folder / ".i2e" / "i2e.duckdb")

    def latest(self) -> Experiment:
        with self.store.read() as reader:
            return reader.experiment()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            return reader.rows(sql)


@pytest.fixture
def project(tmp_path: Path, forked_i2e: Callable[..., subprocess.CompletedProcess[str]]) -> _Project:
    """A project whose production records no content and has an online rule for everything."""
    return _Project(tmp_path, forked_i2e)


@pytest.fixture(scope="module")
def twice(
    tmp_path_factory: pytest.TempPathFactory, forked_i2e: Callable[..., subprocess.CompletedProcess[str]]
) -> _Project:
    """A project that has been evaluated once, with two repeats and a scorer for every case."""
    project = _Project(tmp_path_factory.mktemp("twice"), forked_i2e)
    done = project.eval("app:answer", "--repeat", "2", "--scorer", "short")
    assert (done.returncode, done.stderr) == (0, "")
    return project


def test_runs_are_recorded_scored_and_kept(twice: _Project) -> None:
    """Every repeat of every case, with output and attempts read from its span, whatever production captures."""
    experiment = twice.latest()
    assert (experiment.dataset, experiment.task, experiment.repeats) == ("refunds", "app:answer", 2)
    assert [case.id for case in experiment.cases] == ["laptop", "banana"]
    runs = {(run.case_id, run.repeat): run for run in experiment.runs}
    assert set(runs) == {(case, repeat) for case in ("laptop", "banana") for repeat in (0, 1)}
    run = runs["banana", 1]
    assert (run.status, run.output) == ("ok", "no idea")
    assert [(one.scorer, one.outcome, one.passed) for one in run.attempts] == [
        ("must: contains '30 days'", Outcome.SCORED, False),
        ("short", Outcome.SCORED, None),
    ]
    assert [one.passed for one in runs["laptop", 0].attempts] == [True, None]
    assert set(experiment.metadata["scorers"]) == {"must: contains '30 days'", "short"}


def test_spans_scores_and_ledger_carry_the_experiment(twice: _Project) -> None:
    """The application's own spans too; no online rule scores them, and nothing is left in the spool."""
    experiment_id = twice.latest().experiment_id
    spans = twice.rows(
        "SELECT trace_id, name, experiment_id, case_id FROM spans WHERE repeat = 1 ORDER BY case_id, name"
    )
    assert [(row["name"], row["case_id"]) for row in spans] == [
        ("banana", "banana"), ("lookup", "banana"), ("laptop", "laptop"), ("lookup", "laptop"),
    ]  # fmt: skip
    assert {row["experiment_id"] for row in spans} == {experiment_id}
    assert len({row["trace_id"] for row in spans}) == 2
    spool = Spool(twice.store.path.with_name("i2e.duckdb.spool"))
    assert spool.stats().batches == 0
    spool.close()
    for table in ("scores", "score_ledger"):
        rows = twice.rows(f"SELECT source, experiment_id FROM {table}")
        assert [(row["source"], row["experiment_id"]) for row in rows] == [("offline", experiment_id)] * 8


def test_an_async_task_is_given_its_context_and_scored_with_its_trace(project: _Project) -> None:
    """Documents of a span below the root are the subject's."""
    project.dataset('{"id": "a", "input": "x", "scorers": ["grounded"], "context": {"documents": [{"id": "d"}]}}')
    (run,) = project.recorded("app:aanswer").runs
    assert run.output == "1 documents, 30 days"
    assert [one.passed for one in run.attempts] == [True]


_FOREIGN = """
class Polite:
    def __init__(self):
        self.client, self.model = None, "gpt-4o"
    async def eval_async(self, **given):
        raise AssertionError("it was asked")

from otel_i2e.score.adapters import from_autoevals
polite = from_autoevals(Polite(), name="polite", threshold=0.5)
"""


def test_without_judges_those_of_other_libraries_are_left_out_too(project: _Project) -> None:
    """They ask a model, whichever it is."""
    (project.folder / "scorers.py").write_text(_SCORERS + _FOREIGN)
    project.dataset('{"id": "a", "input": "laptop?", "scorers": ["polite", "short"]}')
    (run,) = project.recorded("app:answer", "--without-judges").runs
    assert [one.outcome for one in run.attempts] == [Outcome.LEFT_OUT, Outcome.SCORED]


def test_what_goes_wrong_is_recorded_and_not_raised(project: _Project) -> None:
    """A task's error, a scorer's, a judge that had to be left out for want of a key: none of them a score."""
    project.dataset(
        '{"id": "laptop", "input": "laptop?", "scorers": ["short"]}',
        '{"id": "judged", "input": "banana?", "must": ["be polite"], "scorers": ["raises"]}',
    )
    runs = {run.case_id: run for run in project.recorded("app:broken").runs}
    failed, judged = runs["laptop"], runs["judged"]
    assert (failed.status, failed.error, failed.attempts) == ("task_error", "ValueError: no such order", ())
    assert [one.outcome for one in judged.attempts] == [Outcome.LEFT_OUT, Outcome.ERROR]
    assert "ANTHROPIC_API_KEY" in (judged.attempts[0].error or "")
    assert "what a judge would say of 1 of 2 cases" in project.latest().metadata["left_out"]
    assert "RuntimeError: broken scorer" in (judged.attempts[1].error or "")
    assert {row["outcome"] for row in project.rows("SELECT outcome FROM score_ledger")} == {"error", "left_out"}


def test_the_cost_of_a_run_is_that_of_its_calls(project: _Project) -> None:
    """Nothing without a call; not known where a call has no known price, or where the run broke before it answered."""
    asked = ("known", "unknown", "no call", "broken")
    project.dataset(*(f'{{"id": "{one}", "input": "{one}", "must": [{{"contains": "30"}}]}}' for one in asked))
    runs = project.recorded("app:calls").runs
    assert [run.cost_usd for run in runs] == [pytest.approx(0.0045), None, 0.0, None]
    assert all(run.duration_ms is not None for run in runs)


def test_repeats_that_can_change_nothing_are_left_out_and_failures_are_seen_again(project: _Project) -> None:
    """The case that always passes runs three times; a second failure settles the other, and it is run again."""
    experiment = project.recorded("app:answer", "--repeat", "3", "--stop-early", "--confirm", "2")
    runs = [(run.case_id, run.repeat) for run in experiment.runs]
    assert runs == [("laptop", 0), ("laptop", 1), ("laptop", 2), ("banana", 0), ("banana", 1), ("banana", 3)]
    assert experiment.metadata["skipped_repeats"] == {"banana": 1}
    assert experiment.metadata["confirm"] == 2
    gate = project.run("-c", _CLI, "gate", "--json")
    (failed,) = [case for case in json.loads(gate.stdout)["cases"] if case["verdict"] != "passed"]
    assert (gate.returncode, failed["stopped_early"], failed["reasons"][-1]) == (
        1,
        True,
        "seen again in 1 of 1 confirmation run",
    )


def test_a_task_that_hangs_is_given_up(project: _Project) -> None:
    """The others are recorded, and the command ends."""
    runs = {run.case_id: run for run in project.recorded("app:hangs", "--timeout", "2").runs}
    assert runs["laptop"].error == "TimeoutError: no answer within 2 s"
    assert runs["banana"].status == "ok"


def test_a_scorer_that_hangs_is_an_error_and_not_measured(project: _Project) -> None:
    """The command ends, the thread notwithstanding, and the gate does not take it for a pass."""
    hang = "@scorer\ndef hang(output: str) -> bool:\n    import threading\n    return threading.Event().wait()\n"
    (project.folder / "scorers.py").write_text(_SCORERS + hang)
    project.dataset('{"id": "laptop", "input": "laptop?", "scorers": ["hang"]}')
    (run,) = project.recorded("app:answer", I2E_SCORER_TIMEOUT="0.2").runs
    assert [(one.outcome, (one.error or "")[:21]) for one in run.attempts] == [(Outcome.ERROR, "took longer than 0.2 ")]
    gate = project.run("-c", _CLI, "gate", "--json")
    (case,) = json.loads(gate.stdout)["cases"]
    assert (gate.returncode, case["verdict"]) == (2, "not_measured")


def test_a_span_that_a_sampler_dropped_is_a_run_without_a_span(project: _Project) -> None:
    """Not an answer that failed, and not one that passed; without any answer the exit code is 2."""
    done = project.eval("app:answer", OTEL_TRACES_SAMPLER="always_off")
    assert done.returncode == 2, done.stderr
    assert {(run.status, run.attempts) for run in project.latest().runs} == {("no_span", ())}


def test_an_application_with_a_provider_of_its_own_is_recorded(project: _Project) -> None:
    """Set while the task is imported, after recording began."""
    assert [run.output for run in project.recorded("own:answer", "--tag", "fruit").runs] == ["30 days"]
    assert project.rows("SELECT name FROM spans") == [{"name": "banana"}]
    experiment = project.latest()
    assert [case.id for case in experiment.cases] == ["banana"]
    assert experiment.metadata["dataset_cases"] == 2


def test_what_is_asked_for_wrongly_runs_nothing(project: _Project) -> None:
    """One line each, no run, and an experiment without cases, on which no gate decides."""
    asked = [
        {"task": "app:answer", "selection": {"cases": ("gone",)}},
        {"task": "app:answer", "selection": {"suites": ("slow",)}},
        {"task": "app:answer", "scorers": ["gone"]},
        {"task": "app:gone"},
        {"task": "app:two"},
        {"task": "app:answer", "dataset": "gone"},
        {"task": "app:answer", "dataset": "unknown"},
        {"task": "app:answer", "dataset": "broken"},
    ]
    evals = project.folder / "evals"
    (evals / "unknown.jsonl").write_text('\n{"id": "a", "input": "x", "must": [{"contain": "y"}]}')
    (evals / "broken.jsonl").write_text('{\n{"id": "a"}\n{"id": "c", "input": "q", "scorers": ["nope"]}')
    script = (
        "import sys, json\n"
        "from otel_i2e.config import load_settings\n"
        "from otel_i2e.errors import I2EError\n"
        "from otel_i2e.workflows.evaluation import evaluate\n"
        "from otel_i2e.workflows.evaluation_plan import Selection\n"
        "for given in json.load(sys.stdin):\n"
        "    given['selection'] = Selection(**given.get('selection', {}))\n"
        "    try: evaluate(load_settings(), given.pop('dataset', 'refunds'), **given)\n"
        "    except I2EError as error: print(type(error).__name__, error, sep=': ')\n"
    )
    said = project.run("-c", script, stdin=json.dumps(asked)).stdout.splitlines()
    expected = [
        "UsageError: evals/refunds.jsonl has no case 'gone'",
        "NotMeasured: nothing to run in evals/refunds.jsonl: none of its 2 cases is selected",
        "ScorerError: there is no scorer 'gone'",
        "UsageError: task 'app:gone': app has no 'gone'; it has aanswer, answer",
        "UsageError: case 'laptop': task 'app:two' needs 'tier' beside its input",
        "DatasetError: there is no dataset 'evals/gone.jsonl'; there are broken, refunds, unknown",
        "DatasetError: evals/unknown.jsonl:2: case 'a': must[0]: 'contain' is not a check",
        "DatasetError: evals/broken.jsonl:1: not JSON",
        "evals/broken.jsonl:2: 'input' is missing",
        "evals/broken.jsonl:3: case 'c': there is no scorer 'nope'",
    ]
    assert [row for row, start in zip(said, expected, strict=True) if not row.startswith(start)] == []
    assert project.rows("SELECT count(*) AS n FROM spans") == [{"n": 0}]
    assert {row["cases"] for row in project.rows("SELECT CAST(cases AS VARCHAR) AS cases FROM experiments")} == {"[]"}


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_records_what_had_finished(project: _Project) -> None:
    """Exit 130; the finished run is scored, the others are missing in the record."""
    running = subprocess.Popen(
        project.command("app:stops", "--concurrency", "1"),
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (project.folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130, errors
    assert "interrupted; what had finished is recorded" in errors
    experiment = project.latest()
    assert [(run.case_id, run.status) for run in experiment.runs] == [("laptop", "ok")]
    assert len(experiment.cases) == 2
    assert experiment.metadata["interrupted"] is True


def test_a_process_that_records_elsewhere_does_not_evaluate(project: _Project) -> None:
    """Its spans would go to another store."""
    script = (
        "import otel_i2e.auto\n"
        "from otel_i2e.config import load_settings\n"
        "from otel_i2e.workflows.evaluation import evaluate\n"
        "evaluate(load_settings(store='other.duckdb'), 'refunds', 'app:answer')\n"
    )
    assert "UsageError: this process records to" in project.run("-c", script).stderr


def test_a_selection_takes_cases_that_match_every_field() -> None:
    """Within a field one match is enough."""
    case = Case(id="a", input="x", suite="fast", tags=["fruit", "new"], priority="P0")
    assert Selection().takes(case)
    assert Selection(tags=("new", "old"), suites=("fast",)).takes(case)
    assert not Selection(tags=("new",), suites=("slow",)).takes(case)
    assert not Selection(priorities=("P1",)).takes(case)
    assert not Selection(cases=("b",)).takes(case)


def test_a_sample_of_cases_is_the_same_each_time_and_nested() -> None:
    """Their ids decide."""
    cases = [Case(id=f"c{number}", input="x", must=["y"]) for number in range(1000)]
    few, more = ([one.id for one in cases if Selection(sample=rate).takes(one)] for rate in (0.1, 0.5))
    assert set(few) < set(more)
    assert 60 < len(few) < 140
    assert 440 < len(more) < 560


def test_recorded_verdicts_are_replayed_without_a_key(project: _Project) -> None:
    """CI without a key replays what was recorded, says so, and leaves the rest out; a repeat is not replayed."""
    project.dataset('{"id": "laptop", "input": "laptop?", "must": ["name a period"]}')
    verdict = Reply.json({"reasoning": "30 days.", "choice": "satisfied"})
    with MessagesServer(verdict) as server:
        keyed = {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": server.url}
        project.recorded("app:answer", "--record-verdicts", **keyed)
        asked = len(server.requests)
    done = project.eval("app:answer", "--repeat", "2")
    experiment = project.latest()
    first, second = (run.attempts[0] for run in experiment.runs)
    assert (asked, done.returncode) == (1, 0)
    assert "1 verdict replayed, recorded 20" in done.stdout
    assert (first.outcome, first.passed, first.cost_usd) == (Outcome.SCORED, True, 0.0)
    assert first.score is not None
    assert first.score.metadata["replayed"]
    assert (second.outcome, second.passed) == (Outcome.LEFT_OUT, None)
    assert "a repeat is asked anew" in (second.error or "")
    assert "1 of 1 cases" in experiment.metadata["left_out"]
    (project.folder / ".i2e" / "i2e.duckdb").unlink()
    assert "1 verdict replayed" in project.eval("app:answer").stdout, "from the project's file alone"
