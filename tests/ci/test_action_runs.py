"""The composite action and the workflow of `i2e init`, run step by step on a real project.

`gh` is a stand-in that keeps the comments of a pull request in a file; all else is what runs on a runner of GitHub.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from github_runner import Job, evaluated, own_environ

from otel_i2e.workflows.scaffold import init

ROOT = Path(__file__).parents[2]
_BROKEN = "def answer(question):\n    return 'no idea'\n"
_FLAKY = """
asked = []
def answer(question):
    asked.append(question)
    return "no idea" if len(asked) == 1 else "30 days"
"""
_WORDS = {"id": "polite", "input": "Do you sell bananas?", "must": ["is polite"], "priority": "P2"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as `i2e init` lays it out, and `i2e` and `gh` on a path of its own."""
    for name in ("ANTHROPIC_API_KEY", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "shop"
    init(folder)
    commands = tmp_path / "bin"
    commands.mkdir()
    _command(commands / "i2e", "-c", "from otel_i2e.cli.main import main; main()")
    _command(commands / "gh", str(Path(__file__).with_name("gh.py")), str(tmp_path / "comments.json"))
    return folder


def _command(path: Path, *arguments: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def _action(project: Path, event: str = "pull_request", **inputs: str) -> tuple[Job, dict[str, str]]:
    """The action with these inputs, as GitHub would run it; the job and the action's outputs."""
    action: dict[str, Any] = yaml.safe_load((ROOT / ".github/actions/gate/action.yml").read_text(encoding="utf-8"))
    given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
    given |= {"dataset": "evals/example.jsonl", "task": "app:answer"}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    github = {"event_name": event, "repository": "shop/shop", "token": "t", "event": {"pull_request": {"number": 7}}}
    job = Job(project, {"github": github, "inputs": given}, own_environ(project.parent / "bin"))
    job.run(action["runs"]["steps"])
    return job, {name: job.text(one["value"]) for name, one in action["outputs"].items()}


def _comments(project: Path) -> list[str]:
    path = project.parent / "comments.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def test_a_pass_and_then_a_fail_keep_one_comment(project: Path) -> None:
    """Outputs, summary, reports and the comment say the same; the comment is replaced and not repeated."""
    job, outputs = _action(project)
    assert [one.outcome for one in job.steps.values()] == ["success"] * 3, job.steps
    assert (outputs["decision"], outputs["failed"]) == ("pass", "0")
    assert json.loads(outputs["result_json"])["verdict"] == "pass"
    assert "i2e gate: pass" in job.summary
    assert ET.parse(project / "i2e-gate.xml").getroot().get("failures") == "0"
    assert json.loads((project / "i2e-gate.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    (project / "app.py").write_text(_BROKEN, encoding="utf-8")
    job, outputs = _action(project, baseline="latest")
    assert [(one.outcome, one.code) for one in job.steps.values()] == [("success", 0), ("failure", 1), ("success", 0)]
    assert (outputs["decision"], job.failed) == ("fail", True)
    assert "::error title=i2e gate%3A fail::P0 laptop-90-days fails and blocks" in job.steps["gate"].text
    (comment,) = _comments(project)
    assert "i2e gate: fail" in comment
    assert "regressed" in comment


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"eval_options": "--repeats 3"}, "No such option '--repeats'"),
        ({"task": "app:absent"}, "app has no 'absent'"),
        ({"dataset": "$(touch pwned)"}, "touch pwned"),
        ({"task": "`touch pwned`"}, "is not module:function"),
        ({"repeat": "many; touch pwned"}, "is not a valid integer"),
    ],
)
def test_an_evaluation_that_cannot_run_is_reported_in_a_fresh_checkout(
    project: Path, inputs: dict[str, str], says: str
) -> None:
    """Undecided, in every report, without a store from before; and no input is run as a command."""
    job, outputs = _action(project, **inputs)
    assert [(one.outcome, one.code) for one in job.steps.values()] == [("success", 0), ("failure", 2), ("success", 0)]
    assert outputs["decision"] == "undecided"
    assert says in _comments(project)[0]
    assert "could not measure" in job.summary
    assert not (project / "pwned").exists()


def test_an_evaluation_that_is_killed_is_reported_too(project: Path) -> None:
    """The step fails, and the gate says why nothing was measured."""
    (project / "app.py").write_text("import os\ndef answer(question):\n    os.kill(os.getpid(), 9)\n", encoding="utf-8")
    job, outputs = _action(project)
    assert [one.outcome for one in job.steps.values()] == ["failure", "failure", "success"]
    assert outputs["decision"] == "undecided"
    assert "has not ended: it is still running, or it was killed" in _comments(project)[0]


def test_a_fork_without_secrets_runs_the_checks_in_code(project: Path) -> None:
    """What a judge would say is left out and said; a policy may bear that, and by default it is undecided."""
    with (project / "evals" / "example.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(_WORDS) + "\n")
    _, outputs = _action(project)
    assert outputs["decision"] == "undecided"
    (policy,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/ci.md").read_text(encoding="utf-8"), re.DOTALL)
    (project / "fork.toml").write_text(policy, encoding="utf-8")
    job, outputs = _action(project, policy="fork.toml")
    assert (outputs["decision"], job.failed) == ("pass", False)
    for text in (job.summary, _comments(project)[0], (project / "i2e-gate.xml").read_text(encoding="utf-8")):
        assert "left out of this run: what a judge would say of 1 of 4 cases" in text


def test_the_evaluation_goes_by_the_policy_of_the_gate(project: Path) -> None:
    """A case that may fail once is not left unmeasured after its first failure."""
    (project / "app.py").write_text(_FLAKY, encoding="utf-8")
    (project / "gate.toml").write_text('repeats = "at_least(2)"\n', encoding="utf-8")
    (project / "evals" / "example.jsonl").write_text(
        json.dumps({"id": "a", "input": "x", "must": [{"contains": "30 days"}]}) + "\n", encoding="utf-8"
    )
    _, outputs = _action(project, policy="gate.toml", eval_options="--stop-early --concurrency 1")
    assert outputs["decision"] == "pass"


def test_each_gate_of_a_job_keeps_its_own_reports(project: Path) -> None:
    """Where `reports` names another path, the reports before stay as they were."""
    _action(project)
    before = (project / "i2e-gate.xml").read_text(encoding="utf-8")
    (project / "app.py").write_text(_BROKEN, encoding="utf-8")
    _action(project, reports="other gate")
    assert (project / "i2e-gate.xml").read_text(encoding="utf-8") == before
    assert ET.parse(project / "other gate.xml").getroot().get("failures") != "0"
    assert (project / "other gate.sarif").exists()
    assert "i2e gate: fail" in _comments(project)[-1]


def test_outside_a_pull_request_there_is_no_comment(project: Path) -> None:
    """And none where it is not wanted."""
    for event, comment in (("push", "true"), ("pull_request", "false")):
        job, _ = _action(project, event, comment=comment)
        assert job.steps["Comment"].outcome == "skipped"
    assert _comments(project) == []


def test_the_workflow_of_a_new_project_passes_and_holds_back(project: Path) -> None:
    """Its own steps; what it installs is there already."""
    workflow: dict[str, Any] = yaml.safe_load((project / ".github/workflows/i2e.yml").read_text(encoding="utf-8"))
    steps = [one for one in workflow["jobs"]["gate"]["steps"] if one.get("name") != "Install"]
    for app, codes in (("", [0, 0]), (_BROKEN, [0, 1]), ("raise ValueError('no such module')\n", [2, 2])):
        if app:
            (project / "app.py").write_text(app, encoding="utf-8")
        job = Job(project, {"secrets": {}}, own_environ(project.parent / "bin"))
        job.run(steps)
        assert [job.steps["evaluate"].code, job.steps["gate"].code] == codes, job.steps
        assert job.failed == any(codes)
        assert job.steps["Keep the reports"].outcome == "success"
        assert (project / "gate.xml").exists()


def test_the_gitlab_job_passes_and_holds_back(project: Path) -> None:
    """The lines of its script, as GitLab's runner does: one bash that ends at the first failure."""
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    job = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[1])["gate"]
    lines = [one for one in job["script"] if not one.startswith("pip ")]
    script = "\n".join(lines).replace("evals/refunds.jsonl", "evals/example.jsonl")
    for app, code in (("", 0), (_BROKEN, 1), ("raise ValueError('no such module')\n", 2)):
        if app:
            (project / "app.py").write_text(app, encoding="utf-8")
        ran = Job(project, {}, own_environ(project.parent / "bin"))
        ran.run([{"run": script, "shell": "bash", "id": "script"}])
        assert ran.steps["script"].code == code, ran.steps
        assert (project / job["artifacts"]["reports"]["junit"]).exists()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (" inputs.x ", "1"),
        ("inputs.absent", ""),
        ("always() && inputs.x == '1' && github.event_name != 'push'", True),
        ("!cancelled()", True),
        ("inputs.x == '2' || 'it''s'", "it''s"),
        ("(inputs.x == '2' || inputs.x == '1') && steps.a-b.outputs.c", "d"),
    ],
)
def test_the_runner_reads_expressions(expression: str, value: Any) -> None:
    """As far as the action uses them."""
    contexts = {
        "inputs": {"x": "1"},
        "github": {"event_name": "pull_request"},
        "steps": {"a-b": {"outputs": {"c": "d"}}},
        "always()": True,
        "cancelled()": False,
    }
    assert evaluated(expression, contexts) == value
