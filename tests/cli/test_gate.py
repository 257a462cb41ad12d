"""`i2e gate`."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import pytest

from otel_i2e.cli.main import cli, main
from otel_i2e.config import load_settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Score
from otel_i2e.store import Store

_PRIORITIES = ("P0", "P1", "P2")


def _record(**passed: bool | None) -> None:
    """An experiment with a case per priority; None is a scorer that broke."""
    cases = [
        Case.model_validate(
            {"id": name, "input": "x", "must": ["y"], "priority": name if name in _PRIORITIES else "P1"}
        )
        for name in passed
    ]
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(
            Experiment(
                experiment_id="exp-1",
                dataset="refunds",
                dataset_hash="0" * 12,
                task="app:answer",
                repeats=1,
                created_at=datetime.now(UTC),
                cases=tuple(cases),
                runs=tuple(_run(name, verdict) for name, verdict in passed.items()),
            )
        )


def _run(case_id: str, verdict: bool | None) -> CaseRun:
    if verdict is None:
        attempt = Attempt(scorer="judge", scorer_version="1", outcome=Outcome.ERROR, error="no key")
    else:
        score = Score(value=float(verdict), explanation="says \x1b[31m120 days | @ada\n::error::forged")
        attempt = Attempt(
            scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=score, passed=verdict, threshold=1
        )
    return CaseRun(case_id=case_id, repeat=0, status="ok", attempts=(attempt,), output="120 days")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("passed", "code", "says"),
    [
        ({"P0": True, "P1": True}, 0, "gate: pass (exit 0), exp-1 on refunds"),
        ({"P0": False, "P1": True}, 1, "- P0 P0 fails and blocks: s failed: says"),
        ({"P0": True, "P1": False}, 1, "i2e gate --override P1 --reason"),
        ({"P0": True, "P1": None}, 2, "- P1 P1 could not be measured: judge broke: no key"),
        ({}, 2, "- the experiment has no cases"),
    ],
)
def test_the_exit_code_is_the_verdict(
    i2e: Callable[..., Any], passed: dict[str, bool | None], code: int, says: str
) -> None:
    """0 pass, 1 fail, 2 could not measure, with the reasons on stdout."""
    _record(**passed)
    ran = i2e("gate")
    assert ran.code == code
    assert says in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("passed", "fail_on", "code"),
    [
        ({"P0": True, "P2": False}, (), 0),
        ({"P0": True, "P2": False}, ("--fail-on", "P2"), 1),
        ({"P0": True, "P1": False}, (), 1),
        ({"P0": True, "P1": False}, ("--fail-on", "P0"), 0),
        ({"P0": False, "P1": True}, ("--fail-on", "P0"), 1),
        ({"P0": True, "P1": None}, ("--fail-on", "P0"), 2),
    ],
)
def test_fail_on_names_the_lowest_priority_that_fails_the_run(
    i2e: Callable[..., Any], passed: dict[str, bool | None], fail_on: tuple[str, ...], code: int
) -> None:
    """In place of the policy's word; what was not measured stays so, and the decision shows what was applied."""
    Path("gate.toml").write_text("suite_threshold = 0.0\n")
    _record(**passed)
    assert i2e("gate", "--policy", "gate.toml", *fail_on).code == code
    applied = json.loads(i2e("gate", "--policy", "gate.toml", *fail_on, "--json").out)["policy"]
    assert applied["P1"] == ("warn" if fail_on == ("--fail-on", "P0") else "override")


@pytest.mark.parametrize(
    "variable", ["EXPERIMENT", "DATASET", "BASELINE", "POLICY", "FAIL_ON", "OVERRIDE", "REASON", "BY"]
)
def test_no_variable_turns_a_gate_green(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What a gate decides on is said on its command line; one that only names a report may be a variable."""
    _record(P1=False)
    monkeypatch.setenv("I2E_GATE_MARKDOWN", "gate.md")
    assert i2e("gate").code == 1
    assert Path("gate.md").exists()
    monkeypatch.setenv(f"I2E_GATE_{variable}", "P0")
    ran = i2e("gate")
    option = f"--{variable.lower().replace('_', '-')}"
    assert ran.code == 2
    assert f"I2E_GATE_{variable}='P0': no variable says what a gate decides on; unset it, and write {option}" in ran.err
    assert list(_decisions()) == ["fail"]


def _decisions() -> list[str]:
    with Store.of(load_settings()).read() as reader:
        return [row["verdict"] for row in reader.rows("SELECT verdict FROM gate_decisions")]


def test_no_experiment_is_exit_2(i2e: Callable[..., Any]) -> None:
    """With and without a store."""
    assert i2e("gate").code == 2
    with Store.of(load_settings()).write():
        pass
    ran = i2e("gate")
    assert ran.code == 2
    assert ran.err == "i2e: error: there is no experiment; i2e eval DATASET --task module:function makes one\n"


def test_an_override_lets_a_p1_pass_and_is_shown(i2e: Callable[..., Any]) -> None:
    """Who and why."""
    _record(P0=True, P1=False)
    ran = i2e("gate", "--override", "P1", "--reason", "known", "--by", "ada")
    assert ran.code == 0
    assert "- P1 P1 fails and is overridden by ada: known" in ran.out
    assert "fails, overridden" in ran.out


def test_an_override_of_a_p0_is_refused(i2e: Callable[..., Any]) -> None:
    """One line, exit 2, and the next decision is the same."""
    _record(P0=False)
    ran = i2e("gate", "--override", "P0", "--reason", "please")
    assert ran.code == 2
    assert ran.err.startswith("i2e: error: case 'P0' is P0 and blocks: it cannot be overridden")
    assert i2e("gate").code == 1


def test_json_is_the_whole_decision(i2e: Callable[..., Any]) -> None:
    """One object on stdout."""
    _record(P0=False)
    ran = i2e("gate", "--json")
    body = json.loads(ran.out)
    assert (ran.code, body["verdict"], body["exit_code"]) == (1, "fail", 1)


def test_quietly_a_decision_is_one_line(i2e: Callable[..., Any]) -> None:
    """The last of those that are printed otherwise."""
    _record(P0=False)
    (line,) = i2e("gate", "--quiet").out.splitlines()
    assert line in i2e("gate").out.splitlines()
    assert line.startswith("gate: FAIL (exit 1), exp-1 on refunds")


def test_a_terminal_is_not_filled_with_reasons(i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case is in the table; a pipe gets every reason."""
    _record(**{f"case-{number}": False for number in range(40)})
    reasons = len([row for row in i2e("gate").out.splitlines() if row.startswith("- ")])
    assert reasons > 40
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    shown = [row for row in i2e("gate").out.splitlines() if row.startswith("- ")]
    assert len(shown) == 31
    assert shown[-1].startswith(f"- and {reasons - 30} more reasons; the table has every case")


def test_reports_are_files(i2e: Callable[..., Any]) -> None:
    """JUnit XML and Markdown."""
    _record(P0=False)
    assert i2e("gate", "--junit", "out/gate.xml", "--markdown", "gate.md").code == 1
    assert ET.parse("out/gate.xml").getroot().get("failures") == "2"
    assert "i2e gate: fail" in Path("gate.md").read_text()


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1), (None, 2)])
@pytest.mark.parametrize("reader", ["left", "closed"])
def test_who_reads_the_output_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, passed: bool | None, code: int, reader: str
) -> None:
    """`i2e gate | head` and `i2e gate >&-`: the exit code is the decision's, and every report is there."""
    _record(**{f"case {number}": passed for number in range(30)})
    with _unread(reader) as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            main(["gate", "--junit", "gate.xml", "--markdown", "gate.md"])
    assert ended.value.code == code
    assert ET.parse("gate.xml").getroot().get("tests")
    assert Path("gate.md").exists()


@contextmanager
def _unread(reader: str) -> Generator[TextIO | None]:
    if reader == "closed":
        yield None
        return
    there, here = os.pipe()
    os.close(there)
    with os.fdopen(here, "w") as stdout:
        yield stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize(("passed", "code"), [(True, 2), (False, 1)])
def test_output_that_could_not_be_written_is_no_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passed: bool, code: int
) -> None:
    """A full disk is said, and a fail stays a fail."""
    _record(P0=passed)
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main(["gate"])
    assert ended.value.code == code
    assert ("cannot write the output: No space left on device" in capsys.readouterr().err) is passed


def test_a_gate_that_cannot_decide_leaves_no_green_report(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of an earlier call are replaced by one that says why, and GitHub is told."""
    _record(P0=True)
    reports = ("--junit", "gate.xml", "--markdown", "gate.md", "--sarif", "gate.sarif", "--dataset", "refunds")
    assert i2e("gate", *reports).code == 0
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    for words, why in (
        (("--policy", "none.toml"), "cannot read policy"),
        (("--baseline", "latest"), "no experiment on"),
    ):
        ran = i2e("gate", *words, *reports)
        assert ran.code == 2
        assert any(row.startswith("::error title=i2e gate%3A undecided::") for row in ran.err.splitlines())
        assert ET.parse("gate.xml").getroot().get("errors") == "1"
        text = Path("gate.md").read_text()
        assert text.startswith("<!-- i2e gate: refunds -->\n\n## ⚠️ i2e gate: could not measure")
        assert why in text
        assert why in Path("gate.sarif").read_text()
        assert "decision=undecided\n" in (tmp_path / "output").read_text()
    assert _decisions() == ["pass"]


def test_a_report_that_cannot_be_written_is_no_pass(i2e: Callable[..., Any], tmp_path: Path) -> None:
    """Whoever waits for the report must not see exit 0; a fail stays a fail."""
    _record(P0=True)
    ran = i2e("gate", "--markdown", "gate.md/x.md", "--policy", "")
    assert ran.code == 0
    (tmp_path / "file").write_text("")
    ran = i2e("gate", "--markdown", "file/x.md")
    assert ran.code == 2
    assert "i2e: error: cannot write report 'file/x.md'" in ran.err


def test_in_github_actions_it_annotates_summarises_and_sets_outputs(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every annotation is one line; with `--json`, stdout stays JSON."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    _record(P0=False, P1=False)
    ran = i2e("gate")
    commands = [row.split(" ")[0] for row in ran.out.splitlines() if row.startswith("::")]
    assert commands == ["::error", "::error", "::warning"]
    assert (tmp_path / "output").read_text().startswith("decision=fail\nfailed=2\n")
    assert "i2e gate: fail" in (tmp_path / "summary.md").read_text()
    ran = i2e("gate", "--json")
    assert json.loads(ran.out)["verdict"] == "fail"
    assert ran.err.startswith("::error")


def test_no_text_of_a_dataset_or_a_model_is_a_command_in_github_actions(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the id of a case at the beginning of a row, nor an answer in the middle of one: our own lines alone."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ids = {"::stop-commands::pwn": False, "::add-mask::x": False, "a ##[stop-commands]pwn": False}
    _record(**ids)
    ran = i2e("gate")
    rows = [row for row in ran.out.splitlines() if row.strip().startswith("::")]
    assert rows
    assert all(row.startswith(("::error title=", "::warning title=", "::notice title=")) for row in rows)
    assert "##[" not in "".join(row for row in ran.out.splitlines() if row not in rows)
    assert "stop-commands" in ran.out
    ran = i2e("gate", "--json")
    assert "##[" not in ran.out
    assert ids.keys() <= {case["case_id"] for case in json.loads(ran.out)["cases"]}


def test_a_policy_that_is_not_valid_is_one_line(i2e: Callable[..., Any]) -> None:
    """The file, the line and the key."""
    _record(P0=True)
    Path("gate.toml").write_text('P0 = "never"\n')
    ran = i2e("gate", "--policy", "gate.toml")
    assert ran.code == 2
    assert ran.err.startswith("i2e: error: gate.toml:1: P0 = 'never' is not valid")
    assert len(ran.err.splitlines()) == 1


def test_an_evaluation_that_could_not_run_is_what_the_gate_decides_on(i2e: Callable[..., Any], tmp_path: Path) -> None:
    """A green experiment of before does not speak for a release whose evaluation was refused."""
    _record(P0=True)
    assert i2e("gate").code == 0
    (tmp_path / "empty.jsonl").write_text("")
    assert i2e("eval", "empty.jsonl", "--task", "app:answer").code == 2
    ran = i2e("gate")
    assert ran.code == 2
    assert "could not run" in ran.out
    assert "empty.jsonl" in ran.out


@pytest.mark.parametrize("words", [("cases.jsonl", "--task", "app:f"), ("--task", "app:f", "cases.jsonl")])
@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_an_evaluation_that_ended_before_it_began_is_what_the_gate_decides_on(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, how: str, words: tuple[str, ...]
) -> None:
    """Ctrl-C or a kill while the command is loading: nothing is recorded, and a green experiment of before is older."""
    _record(P0=True)
    assert i2e("gate").code == 0
    if how == "interrupted":
        with monkeypatch.context() as patch:
            patch.setattr(cli, "main", _raises(KeyboardInterrupt))
            assert i2e("eval", *words).code == 130
    else:
        ended = "import os; from otel_i2e.cli import main; main.cli.main = lambda *_, **__: os._exit(9); main.main()"
        assert subprocess.run([sys.executable, "-c", ended, "eval", *words], check=False).returncode == 9
    ran = i2e("gate")
    assert ran.code == 2
    assert ("it was interrupted" if how == "interrupted" else "the evaluation of cases that began on") in ran.out
    assert i2e("gate", "--dataset", "cases").code == 2
    assert i2e("gate", "--dataset", "refunds").code == 0


@pytest.mark.parametrize("option", ["--config=none.toml", "--config=broken.toml", "--store=file/x.duckdb"])
def test_an_evaluation_without_settings_or_a_store_is_what_the_gate_decides_on(
    i2e: Callable[..., Any], option: str
) -> None:
    """The note stands where the gate looks."""
    _record(P0=True)
    Path("file").write_text("")
    Path("broken.toml").write_text("store =")
    Path("refunds.jsonl").write_text("{}")
    assert i2e("eval", "refunds.jsonl", "--task", "app:f", option).code == 2
    ran = i2e("gate")
    assert ran.code == 2
    assert "the evaluation could not run: " in ran.out
    assert len(list(Path(".i2e").glob("*.eval-*"))) == 1


def test_help_is_no_evaluation(i2e: Callable[..., Any]) -> None:
    """It leaves no note."""
    _record(P0=True)
    assert i2e("eval", "--help").code == 0
    assert i2e("gate").code == 0


def _raises(error: type[BaseException]) -> Callable[..., None]:
    def broken(*_: object, **__: object) -> None:
        raise error

    return broken


def test_backtest_says_how_many_a_policy_would_have_stopped(i2e: Callable[..., Any]) -> None:
    """One row for each experiment, and the sum."""
    assert i2e("gate", "backtest").code == 2
    _record(P0=True, P2=False)
    Path("gate.toml").write_text('P2 = "block"\n')
    ran = i2e("gate", "backtest", "--policy", "gate.toml")
    assert ran.code == 0
    assert ran.out.endswith("This policy would have stopped 1 of 1 experiments, and left 0 undecided.\n")
    assert json.loads(i2e("gate", "backtest", "--json").out)[0]["verdict"] == "fail"


def test_a_pass_says_what_it_could_have_noticed(i2e: Callable[..., Any]) -> None:
    """Two cases notice nothing."""
    _record(P0=True, P1=True)
    assert "2 cases, no baseline: too few to notice any drop" in i2e("gate").out


def test_an_old_experiment_is_decided_again_without_a_network(
    i2e: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another policy, no key and no socket: nobody is asked anything."""
    _record(P0=True, P1=False)
    Path("strict.toml").write_text('P1 = "block"\n')
    Path("lax.toml").write_text('P1 = "log"\nsuite_threshold = 0.0\n')

    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    codes = [i2e("gate", "--experiment", "exp-1", "--policy", f"{name}.toml").code for name in ("strict", "lax")]
    assert codes == [1, 0]
    assert i2e("gate", "backtest", "--policy", "strict.toml").out.endswith(
        "stopped 1 of 1 experiments, and left 0 undecided.\n"
    )


def test_the_decision_comes_first_and_what_to_do_last(i2e: Callable[..., Any]) -> None:
    """A reader at night sees the verdict, why, which case, and a command that can be copied."""
    _record(P0=False, P1=False)
    rows = i2e("gate").out.splitlines()
    assert rows[0] == "FAIL: of 2 cases 1 blocks, 1 fails until overridden"
    assert rows[1].startswith("- P0 P0 fails and blocks: s failed")
    assert rows[-2:] == ["To see what it did: i2e trace …", "To let one pass once: i2e gate --override P1 --reason '…'"]


def test_a_command_to_copy_runs_nothing_of_a_dataset(i2e: Callable[..., Any]) -> None:
    """An id is quoted, and its control characters are visible."""
    hostile = "x'; touch pwned #\x1b[31m"
    _record(**{hostile: False})
    command = i2e("gate").out.splitlines()[-1].partition(": ")[2]
    assert shlex.split(command)[:4] == ["i2e", "gate", "--override", "x'; touch pwned #\\x1b[31m"]
