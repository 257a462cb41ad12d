"""What could not be measured is never exit code 0: the command line, from a dataset file to the gate's last word.

`pytest tests/cli/test_never_green_by_accident.py --figures` prints the table: what was done, exit codes of what ran.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from otel_i2e.testing import MessagesServer, Reply

_CLI = [sys.executable, "-c", "from otel_i2e.cli.main import main; main()"]
_APP = """
import contextvars, os, threading, time
import otel_i2e

def good(question):
    return "30 days"

@otel_i2e.observe(kind="tool")
def look(question):
    return "30 days"

def looks(question):
    return look(question)

def bad(question):
    return "no idea"

def broken(question):
    raise RuntimeError("the model is down")

def nothing(question):
    return None

def empty(question):
    return ""

def hangs(question):
    time.sleep(30 if question == "hard" else 0)
    return "30 days"

def long(question):
    return "30 days " + "x" * 5000 + " FORBIDDEN"

def leaks_once(question):
    if os.path.exists("leaked"):
        return "30 days"
    open("leaked", "w").close()
    return "FORBIDDEN"

def leaves(question):
    os._exit(0)

class Formless:
    pass

def zero_width(question):
    return "\\u200b\\n"

def empty_object(question):
    return {"answer": ""}

def formless(question):
    return Formless()

@otel_i2e.observe(kind="tool")
def delete_order(seconds):
    time.sleep(seconds)

def goes_on(question):
    context = contextvars.copy_context()
    work = lambda: (time.sleep(0.3), context.run(delete_order, 60 if question == "hard" else 0))
    threading.Thread(target=work, daemon=True).start()
    return "30 days"

def slow(question):
    open("started", "w").close()
    time.sleep(60)
    return "30 days"
"""
_SCORERS = """
import asyncio

from otel_i2e import scorer

@scorer(threshold=1.0)
async def cancels(output: str):
    raise asyncio.CancelledError

@scorer(threshold=1.0)
def leaves_all(output: str):
    raise GeneratorExit

@scorer(threshold=1.0)
def says_nothing(output: str):
    return None

@scorer(threshold=1.0)
def breaks(output: str):
    raise RuntimeError("broken scorer")

@scorer(threshold=1.0)
def fragile(input: str):
    if input == "hard":
        raise RuntimeError("too hard")
    return 1.0

@scorer(threshold=1.0)
def nan(output: str):
    return float("nan")

@scorer
def without_threshold(output: str):
    return 0.3
"""
_FIVE = "".join(f'{{"id": "c{i}", "input": "x", "must": [{{"contains": "30 days"}}]}}\n' for i in range(5))


class _Ran(NamedTuple):
    code: int
    out: str


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    i2e: Callable[..., Any],
    forked_i2e: Callable[..., subprocess.CompletedProcess[str]],
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., _Ran]:
    """A project with an application and a dataset of five cases; gives the command `i2e`.

    An evaluation records its process, so it has one of its own.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app.py").write_text(_APP)
    (tmp_path / "five.jsonl").write_text(_FIVE)
    (tmp_path / "scorers.py").write_text(_SCORERS)
    (tmp_path / "i2e.toml").write_text('scorers = ["scorers.py"]\n')

    def run(*arguments: str, **environ: str) -> _Ran:
        if arguments[0] != "eval":
            rows = capsys.readouterr().out
            ran = i2e(*arguments)
            print(rows, end="")  # those of the table so far, which the command's fixture took
            return _Ran(ran.code, ran.out + ran.err)
        done = forked_i2e(*arguments, cwd=tmp_path, env={**os.environ, **environ})
        return _Ran(done.returncode, done.stdout + done.stderr)

    return run


def _said(name: str, *ran: _Ran) -> None:
    """One row of the table."""
    print(f"{name}: exit {', '.join(str(one.code) for one in ran)}")


def test_no_cases(project: Callable[..., _Ran]) -> None:
    """An empty dataset after a green run: the gate decides on the refusal, not on the run before."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0
    Path("five.jsonl").write_text("")
    evaluated, gate = project("eval", "five.jsonl", "--task", "app:good"), project("gate")
    _said("zero cases", evaluated, gate)
    assert (evaluated.code, gate.code) == (2, 2)
    assert "could not run" in gate.out
    assert project("gate", "backtest").out.count("undecided") >= 1


def test_an_evaluation_that_recorded_nothing(project: Callable[..., _Ran]) -> None:
    """A misspelt option after a green run, with the exit code swallowed: the older run says nothing of this release."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    misspelt = project("eval", "five.jsonl", "--task", "app:bad", "--repeats", "3")
    gates = [project("gate"), project("gate", "--dataset", "five"), project("gate", "--dataset", "five")]
    _said("an evaluation that recorded nothing", misspelt, *gates)
    assert [misspelt.code, *(gate.code for gate in gates)] == [2, 2, 2, 2]
    assert "No such option '--repeats'" in gates[0].out
    assert "could not run" in gates[0].out
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0


def test_another_dataset_whose_evaluation_recorded_nothing(project: Callable[..., _Ran]) -> None:
    """A misspelt option, and then the other dataset of the job is evaluated: that says nothing of this one."""
    Path("four.jsonl").write_text(_FIVE)
    misspelt = project("eval", "four.jsonl", "--task", "app:bad", "--repaet", "3")
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    gates = [
        project("gate"),
        project("gate"),
        project("gate", "--dataset", "five"),
        project("gate", "--dataset", "four"),
    ]
    _said("of two datasets one that recorded nothing, then each alone", misspelt, *gates)
    assert [misspelt.code, *(gate.code for gate in gates)] == [2, 2, 2, 0, 2]
    assert "dataset four was to be evaluated as well" in gates[0].out


@pytest.mark.parametrize("why", ["not JSON", '{"at": 1}'])
def test_a_note_that_cannot_be_read(project: Callable[..., _Ran], why: str) -> None:
    """It counts: somebody wrote it because an evaluation failed."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    (note,) = [path.with_name(path.name + ".eval-failed.json") for path in Path().glob("**/*.duckdb")]
    note.write_text(why)
    assert project("gate").code == 2


def test_all_errors(project: Callable[..., _Ran]) -> None:
    """A task that only raises, under a policy that bears anything it is allowed to bear."""
    evaluated, gate = project("eval", "five.jsonl", "--task", "app:broken"), project("gate")
    Path("lax.toml").write_text(
        'P0 = "log"\nP1 = "log"\nP2 = "log"\nsuite_threshold = 0.0\nmin_coverage = 0.0\nmax_errors = 1000\n'
    )
    lax = project("gate", "--policy", "lax.toml")
    _said("all errors", evaluated, gate, lax)
    assert (evaluated.code, gate.code, lax.code) == (2, 2, 2)
    assert "the model is down" in gate.out


def test_a_scorer_that_is_absent(project: Callable[..., _Ran]) -> None:
    """Asked for by the policy, and never run; a scorer that does not exist is refused before anything runs."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    Path("gate.toml").write_text("[scorers.grounded]\npass_rate = 0.9\n")
    gate = project("gate", "--policy", "gate.toml")
    unknown = project("eval", "five.jsonl", "--task", "app:good", "--scorer", "grounded")
    _said("one scorer absent", gate, unknown)
    assert (gate.code, unknown.code) == (2, 2)
    assert "scorer grounded was never run, and the policy has a rule for it" in gate.out
    assert "there is no scorer 'grounded'" in unknown.out


def test_a_dataset_whose_ids_changed(project: Callable[..., _Ran]) -> None:
    """Nothing can be compared with the baseline, and that is no proof that nothing got worse."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    Path("five.jsonl").write_text(_FIVE.replace('"id": "c', '"id": "d').replace('"id": "d0', '"id": "c0'))
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    gate = project("gate", "--baseline", "latest")
    _said("changed ids, but for one", gate)
    assert gate.code == 2
    assert "only 1 of 5 cases can be compared with the baseline" in gate.out
    Path("five.jsonl").write_text(_FIVE.replace('"id": "c', '"id": "e'))
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    gate = project("gate", "--baseline", "latest")
    _said("changed ids", gate)
    assert gate.code == 2
    assert "no case of this experiment can be compared with the baseline" in gate.out
    assert project("gate").code == 0


def test_five_cases(project: Callable[..., _Ran]) -> None:
    """They pass, and it is said that they could notice a disaster only; a disaster is noticed."""
    Path("gate.toml").write_text('P1 = "log"\nsuite_threshold = 0.0\n')
    decide = ("gate", "--policy", "gate.toml", "--baseline", "latest")
    for _ in range(2):
        assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    passed = project(*decide)
    assert "5 cases compared with the baseline: the smallest drop this run could have noticed is 95.7%" in passed.out
    assert project("eval", "five.jsonl", "--task", "app:bad").code == 0
    failed = project(*decide)
    _said("n = 5, no change and all broken", passed, failed)
    assert (passed.code, failed.code) == (0, 1)
    assert "dropped by 100.0%" in failed.out
    body = json.loads(project(*decide, "--json").out)
    assert (body["comparison"]["broke"], body["comparison"]["p_value"]) == (5, 1 / 32)


def _dataset(**checks: Any) -> None:
    """Five cases that check the same; P2, which fails nothing by itself."""
    rows = [{"id": f"c{number}", "input": "x", "priority": "P2", **checks} for number in range(5)]
    Path("five.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    ("task", "checks", "says"),
    [
        ("nothing", {"must_not": [{"contains": "120"}]}, "the span has no output text"),
        ("empty", {"must_not": [{"contains": "120"}]}, "the span has no output text"),
        ("good", {}, "nothing to check: give the case must, must_not or scorers"),
        ("good", {"scorers": ["says_nothing"]}, "no scorer gave a verdict: says_nothing does not apply"),
        ("good", {"scorers": ["without_threshold"]}, "no scorer gave a verdict: without_threshold has no threshold"),
        ("good", {"scorers": ["breaks"]}, "breaks broke: RuntimeError: broken scorer"),
        ("good", {"scorers": ["cancels"]}, "cancels broke: CancelledError"),
        ("good", {"scorers": ["leaves_all"]}, "leaves_all broke: GeneratorExit"),
        ("good", {"scorers": ["nan"]}, "nan broke: it returned nan; a score is a finite number"),
        ("good", {"must": ["is polite"]}, "the judge has no API key: set ANTHROPIC_API_KEY"),
    ],
    ids=[
        *("none", "empty", "no checks", "not applicable", "no threshold"),
        *("scorer error", "cancelled", "exit", "nan", "no key"),
    ],
)
def test_nothing_was_measured(
    project: Callable[..., _Ran], request: pytest.FixtureRequest, task: str, checks: dict[str, Any], says: str
) -> None:
    """Whatever the reason, under the lowest priority and a policy that asks for no pass rate."""
    _dataset(**checks)
    Path("lax.toml").write_text("suite_threshold = 0.0\nmin_coverage = 0.0\nmax_errors = 1000\n")
    evaluated = project("eval", "five.jsonl", "--task", f"app:{task}", "--stop-early", "--confirm", "2")
    gates = project("gate"), project("gate", "--policy", "lax.toml")
    _said(f"nothing measured, {request.node.callspec.id.split('-')[-1]}", evaluated, *gates)
    assert [gate.code for gate in gates] == [2, 2]
    assert says in gates[0].out


_SATISFIED_BY_SILENCE = [
    {"must_not": [{"contains": "120"}]},
    {"must": [{"not_contains": "120"}]},
    {"must": [{"no_secrets": True}]},
    {"must": [{"length": 100}]},
    {"scorers": ["no_personal_data"]},
    {"must": [{"tool_not_called": "refund"}]},
    {"must_not": [{"tool_called": "refund"}]},
    {"must": [{"no_loops": True}, {"max_steps": 5}, {"max_errors": 0}, {"max_retries": 0}, {"max_duration": "9m"}]},
]


@pytest.mark.parametrize("task", ["nothing", "empty", "zero_width", "empty_object", "formless", "looks"])
def test_an_application_that_says_nothing(project: Callable[..., _Ran], task: str) -> None:
    """It does nothing that it must not: whatever check says so measured nothing, but of one that answers by a tool."""
    rows = [{"id": f"c{at}", "input": "x", "priority": "P0", **one} for at, one in enumerate(_SATISFIED_BY_SILENCE)]
    Path("silence.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluated, gate = project("eval", "silence.jsonl", "--task", f"app:{task}"), project("gate")
    _said(f"negative checks of an application that returns {task}", evaluated, gate)
    silent = task != "looks"
    assert gate.code == (2 if silent else 0)
    assert (f"of {len(rows)} cases {len(rows)} were not measured" in gate.out) is silent


def test_an_answer_that_was_cut(project: Callable[..., _Ran]) -> None:
    """What it must not say is in the part that was not recorded: not measured. Of the whole answer, it fails."""
    _dataset(priority="P0", must=[{"contains": "30 days"}], must_not=[{"contains": "FORBIDDEN"}])
    gates: list[_Ran] = []
    limits = ("I2E_MAX_CONTENT_BYTES", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
    for environ in ({}, *({limit: "1000"} for limit in limits)):
        assert project("eval", "five.jsonl", "--task", "app:long", **environ).code == 0
        gates.append(project("gate"))
    _said("an answer that breaks a rule, whole and cut before it does", *gates)
    assert [gate.code for gate in gates] == [1, 2, 2, 2]
    assert all("the answer was cut when it was recorded" in gate.out for gate in gates[1:])


@pytest.mark.parametrize(
    ("reply", "says"),
    [(Reply.error(400), "400"), (Reply.text("certainly a pass"), "not one JSON object"), (Reply.refusal(), "refus")],
    ids=["HTTP 400", "no verdict", "refusal"],
)
def test_a_judge_that_never_answers(project: Callable[..., _Ran], reply: Reply, says: str) -> None:
    """An error is no pass and no fail, and both modes of the gate say so."""
    _dataset(must=["is polite"])
    with MessagesServer(reply) as server:
        environ = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.url}
        evaluated = project("eval", "five.jsonl", "--task", "app:good", **environ)
    gate = project("gate")
    _said(f"a judge that answers with {says!r}", evaluated, gate)
    assert gate.code == 2
    assert says in gate.out


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT", "os._exit(0)"])
def test_an_evaluation_that_was_ended_half_way(project: Callable[..., _Ran], how: str) -> None:
    """After a green run: the older one does not speak for it. Until it is run again, and then it does."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0
    task = "leaves" if how.startswith("os.") else "slow"
    command = [*_CLI, "eval", "five.jsonl", "--task", f"app:{task}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        if task == "slow":
            _wait(lambda: Path("started").exists())
            running = project("gate")
            assert running.code == 2
            assert "has not ended: it is still running, or it was killed" in running.out
            process.send_signal(signal.Signals[how])
        code = process.wait(timeout=120)
    gate, of_dataset = project("gate"), project("gate", "--dataset", "five")
    _said(f"ended by {how}", _Ran(code, ""), gate, of_dataset)
    assert (gate.code, of_dataset.code) == (2, 2)
    assert "undecided" in project("experiments").out or how != "SIGINT"
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_evaluations_at_the_same_time(project: Callable[..., _Ran], tmp_path: Path) -> None:
    """Both are recorded whole; the gate decides on the one that began last, whichever ended first."""
    commands = [[*_CLI, "eval", "five.jsonl", "--task", f"app:{task}", "--repeat", "3"] for task in ("good", "bad")]
    processes: list[subprocess.Popen[bytes]] = []
    for command in commands:
        processes.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        time.sleep(0.2)
    codes = [process.wait(timeout=180) for process in processes]
    for process in processes:
        process.communicate()
    rows = json.loads(project("experiments", "--json").out)
    gate = project("gate")
    _said("two evaluations at the same time", *(_Ran(code, "") for code in codes), gate)
    assert codes == [0, 0]
    assert [row["runs"] for row in rows] == [15, 15]
    assert gate.code == {"app:good": 0, "app:bad": 1}[rows[0]["task"]]
    assert rows[0]["experiment_id"] in gate.out


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.test", *arguments], check=True)


@pytest.mark.parametrize("change", ["a new module", "a changed module that git cannot tell"])
def test_an_override_covers_no_code_beyond_its_commit(project: Callable[..., _Ran], change: str) -> None:
    """Made on a clean commit; it counts again when the commit is all there is."""
    shutil.rmtree(".git")
    Path(".gitignore").write_text("*.toml\n")
    Path("five.jsonl").write_text(_FIVE.splitlines()[0])
    Path("gate.toml").write_text("suite_threshold = 0.0\n")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        _git(*arguments)
    assert project("eval", "five.jsonl", "--task", "app:bad").code == 0
    assert project("gate", "--policy", "gate.toml").code == 1
    assert project("override", "c0", "--reason", "known").code == 0
    index = Path(".git/index").read_bytes()
    if change == "a new module":
        Path("extra.py").write_text("answer = 'the password is hunter2'\n")
    else:
        Path("app.py").write_text(_APP + "\n# changed\n")
        Path(".git/index").write_text("garbage")
    assert project("eval", "five.jsonl", "--task", "app:bad").code == 0
    gate = project("gate", "--policy", "gate.toml")
    _said(f"an override of a clean commit, and {change}", gate)
    assert (gate.code, "does not count: it is for commit" in gate.out) == (1, True), gate.out
    if change == "a new module":
        Path("extra.py").unlink()
    else:
        Path("app.py").write_text(_APP)
    Path(".git/index").write_bytes(index)
    assert project("eval", "five.jsonl", "--task", "app:bad").code == 0
    assert project("gate", "--policy", "gate.toml").code == 0


_DAMAGE = [
    ("DELETE FROM experiment_runs WHERE case_id = 'c3'", "P1 c3 could not be measured: it was not run"),
    ("UPDATE experiment_runs SET attempts = '[]'", "nothing was scored"),
    ("UPDATE experiment_runs SET attempts = 'null'", "does not validate at runs.0.attempts"),
    ("UPDATE experiments SET cases = '[]'", "the experiment has no cases"),
    ("UPDATE experiments SET repeats = 0", "0 repeats; at least 1 is needed"),
    ("INSERT INTO experiment_runs SELECT * FROM experiment_runs", "a repeat is recorded more than once of: c0"),
    ("UPDATE experiments SET created_at = '2100-01-01'", "which lies ahead"),
    ("DROP TABLE experiment_runs", "experiment_runs"),
    ("INSERT INTO schema_migrations VALUES ('9999_future', now())", "9999_future"),
]


def test_a_damaged_record(project: Callable[..., _Ran]) -> None:
    """A green experiment, changed in the store; the last is a store of a later version."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0
    for change, says in _DAMAGE:
        shutil.copytree(".i2e", "damaged")
        with duckdb.connect("damaged/i2e.duckdb") as connection:
            connection.execute(change)
        gate = project("gate", "--store", "damaged/i2e.duckdb")
        _said(f"damaged record: {change}", gate)
        assert (gate.code, says in gate.out) == (2, True), gate.out
        shutil.rmtree("damaged")


_IGNORED = [
    (("--experiment", ""), "no experiment has the id ''"),
    (("--experiment", "exp-", "--baseline", "exp-"), "would be compared with itself"),
    (("--baseline", ""), "no experiment has the id ''"),
    (("--baseline", "latest"), "leave --baseline out"),
    (("--dataset", "other"), "no experiment of dataset 'other'"),
    (("--policy", "absent.toml"), "cannot read policy 'absent.toml'"),
    (("--reason", "because"), "name the case with --override"),
    (("--by", "ada"), "name the case with --override"),
    (("--override", "c0"), "an override needs a reason"),
    (("--override", "c0", "--reason", " "), "an override needs a reason"),
    (("--override", "c0", "--reason", "because"), "there is nothing to override"),
    (("--junit", "a.xml", "--sarif", "./a.xml"), "both name"),
    (("--policy", "strict.toml", "backtest"), "--policy must stand after backtest"),
    (("--json", "backtest"), "--json must stand after backtest"),
]


def test_options_that_would_be_ignored_are_refused(project: Callable[..., _Ran]) -> None:
    """On a green experiment, where the gate alone would pass."""
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    for arguments, says in _IGNORED:
        gate = project("gate", *arguments)
        _said(f"green experiment, gate {' '.join(arguments)}", gate)
        assert (gate.code, says in gate.out) == (2, True), gate.out
    assert project("gate").code == 0


_UNFIT = [
    ("[suites.safty]\nthreshold = 1.0\n", "suite safty of the policy has 0 of at least 1 cases"),
    ("[suites.safety]\nmin_cases = 10\n", "suite safety of the policy has 5 of at least 10 cases"),
    ("[slices.refund]\nthreshold = 0.0\n", "slice refund of the policy has no case in this experiment"),
    ("[scorers.grounded]\n", "scorer grounded was never run"),
    ("[scorers.\"must: contains '30 days'\"]\nthreshold = -inf\n", "threshold = -inf is not valid"),
    ("[suits.safety]\nthreshold = 1.0\n", "'suits' is not a policy"),
    ('required_suites = ["fast"]\n', "required suite fast has 0 of at least 1 cases; the suites here are safety"),
]


def test_a_rule_that_fits_nothing(project: Callable[..., _Ran]) -> None:
    """A misspelt name, a suite that shrank, a threshold that everything reaches: not ignored, on a green experiment."""
    _dataset(suite="safety", must=[{"contains": "30 days"}])
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    assert project("gate").code == 0
    for rule, says in _UNFIT:
        Path("gate.toml").write_text(rule)
        gate = project("gate", "--policy", "gate.toml")
        _said(f"green experiment, policy {rule.splitlines()[0]}", gate)
        assert (gate.code, says in gate.out) == (2, True), gate.out


def test_a_part_of_a_suite(project: Callable[..., _Ran]) -> None:
    """The one case that passes was selected: neither the required suite nor the other P0 cases were measured."""
    rows = [
        {"id": f"c{i}", "input": "x", "suite": "safety", "priority": "P0", "must": [{"contains": says}]}
        for i, says in enumerate(("30 days", "zzz", "zzz"))
    ]
    rows.append({"id": "quick", "input": "x", "suite": "fast", "must": [{"contains": "30 days"}]})
    Path("five.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("gate.toml").write_text('required_suites = ["safety"]\n')
    assert project("eval", "five.jsonl", "--task", "app:good", "--case", "c0").code == 0
    gate, required = project("gate"), project("gate", "--policy", "gate.toml")
    _said("one P0 case of three selected, and its suite required", gate, required)
    assert (gate.code, required.code) == (2, 2)
    assert "2 P0 cases of suite safety left out" in gate.out
    assert "only 1 of the 3 cases of required suite safety were evaluated" in required.out
    assert project("eval", "five.jsonl", "--task", "app:good", "--suite", "fast").code == 0
    gate, required = project("gate"), project("gate", "--policy", "gate.toml")
    _said("a whole suite left out, and required", gate, required)
    assert (gate.code, required.code) == (0, 2)
    assert "only 1 of the 4 cases of five were evaluated" in gate.out


_BEARS = "min_coverage = 0.5\nmax_errors = 9\nsuite_threshold = 0.5\n"


def test_runs_and_scorers_that_broke_under_a_budget_and_a_pass_rate(project: Callable[..., _Ran]) -> None:
    """The policy bears the gaps; a run that timed out is not fast for that, and a scorer that broke has not passed."""
    checks: dict[str, Any] = {"must": [{"contains": "30 days"}], "scorers": ["fragile"]}
    rows = [{"id": f"c{i}", "input": "hard" if i < 2 else "x", **checks} for i in range(5)]
    Path("five.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("bears.toml").write_text(_BEARS)
    Path("fast.toml").write_text(_BEARS + "latency_p95_ms = 500\n")
    Path("rate.toml").write_text(_BEARS + "[scorers.fragile]\npass_rate = 1.0\n")
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    gates = [project("gate", "--policy", policy) for policy in ("bears.toml", "rate.toml")]
    _said("a scorer that broke in 2 of 5 runs, borne, and under a pass rate", *gates)
    assert [gate.code for gate in gates] == [0, 2]
    assert "below its pass_rate of 1 if the 2 in which it gave no verdict had failed" in gates[1].out
    assert project("eval", "five.jsonl", "--task", "app:hangs", "--timeout", "1").code == 0
    gates = [project("gate", "--policy", policy) for policy in ("bears.toml", "fast.toml")]
    _said("2 of 5 runs timed out after 1 s, borne, and under a budget of 500 ms", *gates)
    assert [gate.code for gate in gates] == [0, 1]
    assert "or longer, over the budget of 500 ms" in gates[1].out


def test_a_judge_in_shadow_neither_blocks_nor_passes(project: Callable[..., _Ran]) -> None:
    """What a policy demands of a suite or a judge, a judge without a calibration can neither grant nor refuse."""
    _dataset(must=["is polite"])
    Path("suite.toml").write_text('required_suites = ["fast"]\n[suites.fast]\nthreshold = 1.0\n')
    Path("rate.toml").write_text('[scorers."must: is polite"]\npass_rate = 0.9\n')
    for choice in ("satisfied", "not_satisfied"):
        with MessagesServer(Reply.json({"reasoning": "r", "choice": choice})) as server:
            environ = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.url}
            assert project("eval", "five.jsonl", "--task", "app:good", "--no-cache", **environ).code == 0
        gates = [project("gate"), *(project("gate", "--policy", policy) for policy in ("suite.toml", "rate.toml"))]
        _said(f"a judge in shadow says {choice!r}: alone, for a required suite, under a pass rate", *gates)
        assert [gate.code for gate in gates] == [0, 2, 2]
        assert "5 rest on judges that cannot block" in gates[1].out
        assert "is a judge that cannot block, and the policy has a pass_rate for it" in gates[2].out


def test_two_models_behind_one_judge(project: Callable[..., _Ran]) -> None:
    """They answer in turn: their verdicts make no rate, and a decision would rest on one."""
    _dataset(must=["is polite"])
    reply = Reply.json({"reasoning": "r", "choice": "satisfied"})
    turn = cycle(("claude-one", "claude-two"))
    with MessagesServer(lambda _request: replace(reply, model=next(turn))) as server:
        environ = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.url}
        command = ("eval", "five.jsonl", "--task", "app:good", "--repeat", "2", "--no-cache")
        assert project(*command, **environ).code == 0
    Path("allow.toml").write_text('uncalibrated_judge = "allow"\n')
    gate = project("gate", "--policy", "allow.toml")
    _said("a judge that two models answered for", gate)
    assert gate.code == 2
    assert "was answered by 2 models, which are 2 judges: claude-one, claude-two; pin one" in gate.out


def test_a_baseline_with_other_repeats(project: Callable[..., _Ran]) -> None:
    """Five that broke are a drop over the first repeat, too; no change over one repeat and three is none."""
    Path("gate.toml").write_text('P1 = "log"\nsuite_threshold = 0.0\n')
    gates: list[_Ran] = []
    for task, repeats in (("good", 1), ("good", 3), ("bad", 1)):
        assert project("eval", "five.jsonl", "--task", f"app:{task}", "--repeat", str(repeats)).code == 0
        if task == "bad" or repeats == 3:
            gates.append(project("gate", "--policy", "gate.toml", "--baseline", "latest"))
    _said("1 repeat, then 3 and no change, then 1 and all broken", *gates)
    assert [gate.code for gate in gates] == [0, 1]
    assert "the first repeat of each case is compared: the baseline has 1, this experiment 3" in gates[0].out


def test_a_dataset_that_moved_on_and_one_that_was_forgotten(project: Callable[..., _Ran]) -> None:
    """The decision is of what was evaluated last: a case that came later, and another dataset, are said beside it."""
    Path("other.jsonl").write_text(_FIVE)
    assert project("eval", "other.jsonl", "--task", "app:bad").code == 0
    assert project("eval", "five.jsonl", "--task", "app:good").code == 0
    late = {"id": "late", "input": "x", "must": [{"contains": "zzz"}], "priority": "P0"}
    Path("five.jsonl").write_text(_FIVE + json.dumps(late) + "\n")
    changed, other = project("gate"), project("gate", "--dataset", "other")
    _said("a case that came after the evaluation; another dataset, which fails", changed, other)
    assert (changed.code, other.code) == (0, 1)
    assert "five.jsonl has changed since it was evaluated (new: late)" in changed.out
    assert "this decides five alone; not decided yet: other (exp-" in changed.out
    assert "not decided yet" not in project("gate").out
    Path("five.jsonl").unlink()
    assert "the dataset file five.jsonl cannot be read any more" in project("gate").out


@pytest.mark.parametrize(("question", "code"), [("easy", 1), ("hard", 2)])
def test_a_tool_that_runs_after_the_answer(project: Callable[..., _Ran], question: str, code: int) -> None:
    """It is in the trace of the run, and seen; while it goes on nobody knows the whole trace."""
    case = {
        "id": "c",
        "input": question,
        "priority": "P0",
        "must": [{"contains": "30"}, {"tool_not_called": ["delete_order"]}],
    }
    Path("five.jsonl").write_text(json.dumps(case) + "\n")
    evaluated = project("eval", "five.jsonl", "--task", "app:goes_on", "--timeout", "2")
    gate = project("gate")
    _said(f"a forbidden tool that a thread calls after the answer, {question}", evaluated, gate)
    assert gate.code == code
    assert ("had not ended 2 s after the answer" in gate.out) == (code == 2)


def test_a_p0_that_failed_once(project: Callable[..., _Ran]) -> None:
    """With the options that docs/ci.md names: more runs, all of them good, do not make the one that failed undone."""
    _dataset(priority="P0", must_not=[{"contains": "FORBIDDEN"}], must=[{"contains": "30 days"}])
    command = ("eval", "five.jsonl", "--task", "app:leaks_once", "--repeat", "5", "--stop-early", "--confirm", "2")
    assert project(*command).code == 0
    gate = project("gate")
    _said("a P0 case that failed once, and passed in two confirmation runs", gate)
    assert gate.code == 1
    assert "flaky: it passed in 2 confirmation runs" in gate.out
    gate = project("gate", *(arg for one in _failing(gate) for arg in ("--override", one)), "--reason", "known")
    assert gate.code == 0


def _failing(gate: _Ran) -> list[str]:
    rows = (row.split("\t") for row in gate.out.splitlines())
    return [row[0] for row in rows if len(row) > 3 and row[3] == "fails until overridden"]
