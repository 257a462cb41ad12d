"""What could not be measured is never exit code 0: the command line, from a dataset file to the gate's last word.

`pytest tests/cli/test_never_green_by_accident.py -s` prints the figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

_CLI = [sys.executable, "-c", "from otel_i2e.cli.main import main; main()"]
_APP = """
def good(question):
    return "30 days"

def bad(question):
    return "no idea"

def broken(question):
    raise RuntimeError("the model is down")
"""
_FIVE = "".join(f'{{"id": "c{i}", "input": "x", "must": [{{"contains": "30 days"}}]}}\n' for i in range(5))


class _Ran(NamedTuple):
    code: int
    out: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, i2e: Callable[..., Any]) -> Callable[..., _Ran]:
    """A project with an application and a dataset of five cases; gives the command `i2e`.

    An evaluation records its process, so it has one of its own.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app.py").write_text(_APP)
    (tmp_path / "five.jsonl").write_text(_FIVE)

    def run(*arguments: str) -> _Ran:
        if arguments[0] != "eval":
            ran = i2e(*arguments)
            return _Ran(ran.code, ran.out + ran.err)
        done = subprocess.run(
            [*_CLI, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
        )
        return _Ran(done.returncode, done.stdout + done.stderr)

    return run


def _said(name: str, *ran: _Ran) -> None:
    print(f"{name}: exit {', '.join(str(one.code) for one in ran)}", file=sys.__stderr__)


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
    Path("five.jsonl").write_text(_FIVE.replace('"id": "c', '"id": "d'))
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
