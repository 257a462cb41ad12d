"""A criterion in words holds a release back only once its judge was held against people: as typed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.testing import MessagesRequest, MessagesServer, Reply

_APP = """
import otel_i2e.auto
def answer(question):
    return question
"""
_CASES: list[dict[str, Any]] = [
    *({"id": f"{kind}-{n}", "input": f"{kind} {n}", "priority": "P2", "must": ["be kind"]}
      for kind in ("good", "bad") for n in range(12)),
    {"id": "worst", "input": "bad", "priority": "P0", "must": ["be kind"]},
]  # fmt: skip
_TWO: dict[str, Any] = {"id": "two", "input": "good", "must": ["be kind", "be short"], "must_not": ["shout"]}


class Project:
    """A folder with a task that says what it is asked, and a judge that finds kind what begins with `good`."""

    def __init__(
        self, folder: Path, server: MessagesServer, forked_i2e: Callable[..., subprocess.CompletedProcess[str]]
    ) -> None:
        self.folder, self.server, self.forked_i2e = folder, server, forked_i2e
        (folder / "app.py").write_text(_APP)
        self.write([*_CASES])

    def write(self, cases: list[dict[str, Any]]) -> None:
        """The dataset."""
        (self.folder / "evals").mkdir(exist_ok=True)
        text = "".join(json.dumps(case) + "\n" for case in cases)
        (self.folder / "evals" / "kind.jsonl").write_text(text)

    def i2e(self, *args: str) -> subprocess.CompletedProcess[str]:
        """The command, as typed."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("I2E_", "OTEL_"))}
        return self.forked_i2e(*args, cwd=self.folder, env=environ)


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked_i2e: Callable[..., subprocess.CompletedProcess[str]]
) -> Iterator[Project]:
    """The project, while its judge's API is there."""

    def script(request: MessagesRequest) -> Reply:
        kind = request.question.split("output>>\n")[1].startswith("good")
        return Reply.json({"reasoning": "r", "choice": "satisfied" if kind else "not_satisfied"})

    with MessagesServer(script) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield Project(tmp_path, server, forked_i2e)


def test_words_block_only_once_their_judge_is_calibrated(project: Project) -> None:
    """Demoted and said aloud before; after labels on cases and a calibration of `must`, the same experiment blocks."""
    made = project.i2e("eval", "kind", "--task", "app:answer", "--batch")
    assert made.returncode == 0, made.stderr
    assert "25 questions sent at half the price" in made.stderr
    assert project.server.requests == []
    before = project.i2e("gate", "--json")
    decided = json.loads(before.stdout)
    (worst,) = [one for one in decided["cases"] if one["case_id"] == "worst"]
    assert (worst["verdict"], worst["shadow"]) == ("failed", True)
    said = project.i2e("gate").stdout
    assert "DEMOTED: 1 P0 case counts as P1, judged only by a judge without a valid calibration: worst" in said
    assert "must " in said.partition("count in no pass rate (")[2]

    shown = project.i2e("label", "--scorer", "must", "--limit", "2")
    assert "must: be kind" in shown.stdout, shown.stderr
    labels = [{"span": case["id"], "passed": case["input"].startswith("good")} for case in _CASES]
    (project.folder / "labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in labels))
    assert project.i2e("label", "--scorer", "must", "--from", "labels.jsonl").returncode == 0
    calibrated = project.i2e("calibrate", "must", "--json")
    assert calibrated.returncode == 0, calibrated.stdout + calibrated.stderr
    found = json.loads(calibrated.stdout)
    assert (found["scorer"], found["true_pass"], found["true_fail"], len(found["items"])) == ("must", 6, 7, 25)

    after = project.i2e("gate", "--json")
    assert after.returncode == 1
    (worst,) = [one for one in json.loads(after.stdout)["cases"] if one["case_id"] == "worst"]
    assert (worst["verdict"], worst["shadow"]) == ("failed", False)
    assert "DEMOTED" not in project.i2e("gate").stdout


def test_a_label_on_a_case_with_several_criteria_says_which(project: Project) -> None:
    """One line with the names; a name that is none says what there is."""
    project.write([_TWO])
    project.i2e("eval", "kind", "--task", "app:answer")
    unclear = project.i2e("label", "two", "--scorer", "must", "--pass")
    assert unclear.returncode == 2
    assert "say which criterion: --scorer 'must: be kind' or --scorer 'must: be short'" in unclear.stderr
    assert project.i2e("label", "two", "--scorer", "must: be short", "--pass").returncode == 0
    assert project.i2e("label", "two", "--scorer", "must_not", "--pass").returncode == 0
    wrong = project.i2e("label", "two", "--scorer", "must: be long", "--pass")
    assert wrong.returncode == 2
    assert "there are: 'must: be kind', 'must: be short', 'must_not: shout'" in wrong.stderr


def test_repeats_are_asked_anew_in_a_batch(project: Project) -> None:
    """Three runs of one case: three requests, though they are the same; and the next evaluation asks two of them."""
    project.write([{"id": "one", "input": "good", "must": ["be kind"]}])
    for sent in (3, 2):
        made = project.i2e("eval", "kind", "--task", "app:answer", "--batch", "--repeat", "3", "--json")
        assert made.returncode == 0, made.stderr
        assert len(project.server.batches.created[-1]) == sent
        runs = json.loads(made.stdout)["runs"]
        assert [one["attempts"][0]["passed"] for one in runs] == [True] * 3
