"""The demo as a user runs it: a process without a key, a terminal or a home, beside settings that are not its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from otel_i2e.config import load_settings
from otel_i2e.demo.model import support_model
from otel_i2e.demo.stage import Stage, environment
from otel_i2e.errors import I2EError, UsageError
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply
from otel_i2e.workflows.demo import demo


class Silent:
    """A narrator that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def title(self, text: str, notes: object) -> None:
        """Kept."""
        self.told.append(f"{text} {notes}")

    def chapter(self, title: str, text: str) -> None:
        """Kept."""
        self.told.append(f"{title} {text}")

    def source(self, lines: object) -> None:
        """Kept."""
        self.told.append(str(lines))

    output = source
    end = source

    def command(self, line: str, note: str) -> None:
        """Kept."""
        self.told.append(f"{line} {note}")

    def exit_code(self, code: int, meaning: str) -> None:
        """Kept."""
        self.told.append(f"{code} {meaning}")


class Played(NamedTuple):
    """A demo that was played."""

    code: int
    out: str
    err: str
    kept: Path
    elsewhere: Path


def played(tmp_path: Path) -> Played:
    """`i2e demo --keep`, run in somebody's project and CI job."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(elsewhere / "home"),
        "I2E_STORE": str(elsewhere / "mine.duckdb"),
        "I2E_CAPTURE": "off",
        "OTEL_SDK_DISABLED": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(elsewhere / "summary.md"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    kept = tmp_path / "kept"
    done = subprocess.run(
        [sys.executable, "-m", "otel_i2e", "demo", "--keep", str(kept)],
        cwd=elsewhere,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    return Played(done.returncode, done.stdout, done.stderr, kept, elsewhere)


def test_the_whole_story(tmp_path: Path) -> None:
    """One run of the real command, looked at from every side; it takes too long to run it for each."""
    demo = played(tmp_path)
    ends_well_and_shows_both_exit_codes(demo)
    is_short_and_plain_without_a_terminal(demo)
    stores_what_the_story_tells(demo)
    keeps_where_the_case_came_from(demo)
    leaves_alone_what_is_not_its_own(demo)


def ends_well_and_shows_both_exit_codes(played: Played) -> None:
    """Exit 0; the gate failed with 1 before the fix and passed with 0 after it."""
    assert played.code == 0, played.out + played.err
    story = [line.strip() for line in played.out.splitlines()]
    held_back = story.index("exit 1: the release is held back.")
    released = next(at for at, line in enumerate(story) if line.startswith("exit 0: "))
    fix = story.index('+version = "v2"')
    assert held_back < fix < released
    assert "fails and blocks" in played.out[: played.out.index("exit 1")]
    assert "fixed" in played.out[played.out.index("exit 1") :]


def is_short_and_plain_without_a_terminal(played: Played) -> None:
    """At most sixty lines, no colours, nothing on stderr."""
    assert len(played.out.splitlines()) <= 60
    assert "\x1b" not in played.out
    assert played.err == ""


def stores_what_the_story_tells(played: Played) -> None:
    """Ten customers, two complaints, each caught by the online rule; two experiments; a fail, then a pass."""
    settings = load_settings({}, config=played.kept / "i2e.toml")
    with Store.of(settings).read() as reader:
        traces = reader.rows("SELECT * FROM traces WHERE experiment_id IS NULL")
        caught = reader.rows("SELECT trace_id FROM scores WHERE source = 'online' AND NOT passed")
        complaints = reader.rows("SELECT trace_id FROM scores WHERE name = 'feedback'")
        verdicts = reader.rows("SELECT verdict FROM gate_decisions ORDER BY decided_at")
        prompts = reader.rows("SELECT DISTINCT prompt_version FROM llm_calls ORDER BY 1")
    assert len(traces) == 10
    assert {row["trace_id"] for row in caught} == {row["trace_id"] for row in complaints}
    assert len(caught) == 2
    assert [row["verdict"] for row in verdicts] == ["fail", "pass"]
    assert [row["prompt_version"] for row in prompts] == ["v1", "v2"]


def keeps_where_the_case_came_from(played: Played) -> None:
    """The approved line has the checks, the documents, the wrong answer, the prompt version and the query."""
    lines = (played.kept / "evals" / "refunds.jsonl").read_text(encoding="utf-8").splitlines()
    case = next(case for case in map(json.loads, lines) if case["id"] == "can-i-return-a-laptop-after-90-days")
    assert (case["priority"], case["failure_mode"]) == ("P0", "hallucination")
    assert (case["must"], case["must_not"]) == ([{"contains": "30 days"}], [{"contains": "120"}])
    assert case["input"] == "Can I return a laptop after 90 days?"
    assert "returns-electronics" in [document["id"] for document in case["context"]["documents"]]
    assert "120-day" in case["origin"]["output"]
    assert case["origin"]["prompt_version"] == "v1"
    assert case["origin"]["query"].startswith("complained@")


def leaves_alone_what_is_not_its_own(played: Played) -> None:
    """The user's store, settings, home and CI summary are neither used nor written."""
    assert list(played.elsewhere.iterdir()) == []


def test_a_full_directory_is_refused(tmp_path: Path) -> None:
    """Nothing of the user's is overwritten."""
    (tmp_path / "thesis.txt").write_text("…")
    with pytest.raises(UsageError, match="is not empty; name a new directory"):
        demo(tmp_path, Silent(), offline=True, kept=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_step_that_goes_wrong_is_one_line(tmp_path: Path) -> None:
    """A command that ends otherwise than the story needs is named, with both codes and the folder."""
    with environment(offline=True) as env, pytest.raises(I2EError, match=r"i2e query run nothing ended with 2, not 0"):
        Stage(tmp_path, env, Silent()).i2e("query", "run", "nothing")


def test_a_worker_that_fails_ends_the_demo(tmp_path: Path) -> None:
    """The message has the last error of its log in one line, and what goes without a key where one was used."""
    failing = "class AuthError(Exception): ...\nraise AuthError('401 no model')"
    (tmp_path / "agent.py").write_text(failing)
    with environment(offline=True) as env:
        for key, remedy in (("sk-bad", "; check ANTHROPIC_API_KEY .* i2e demo --offline"), ("offline", "")):
            stage = Stage(tmp_path, {**env, "ANTHROPIC_API_KEY": key}, Silent())
            said = rf"^demo: 2 of 2 workers failed: (__main__\.)?AuthError: 401 no model{remedy}$"
            with pytest.raises(I2EError, match=said), stage.serving([], workers=2):
                pass
    assert "Traceback" in (tmp_path / "worker-1.log").read_text()


def test_a_model_that_makes_no_mistake_ends_the_story_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key, whoever answers is asked; when every answer is right, nothing is promoted, and that is said."""

    def careful(request: MessagesRequest) -> Reply:
        told = {**request.body, "system": f"{request.system} Answer only from the documents."}
        return support_model(replace(request, body=told))

    teller = Silent()
    with MessagesServer(careful) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "mine")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        demo(tmp_path / "demo", teller, offline=False, kept=True)
    assert "None of 10 answers was wrong this time" in teller.told[-1]
    assert "Claude answers" in teller.told[0]
    assert all("mine" in request.headers["authorization"] for request in server.requests)


def test_offline_needs_no_key_and_uses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is set does not leave the process; recording and CI variables do not reach the demo's processes."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "I2E_STORE", "OTEL_TRACES_EXPORTER", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, "mine")
    with environment(offline=True) as env:
        assert "mine" not in env.values()
        assert env["ANTHROPIC_BASE_URL"].startswith("http://127.0.0.1:")
    with environment(offline=False) as env:
        assert env["ANTHROPIC_API_KEY"] == "mine"
        assert "I2E_STORE" not in env
