"""The pytest plugin, in sessions of its own."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Case
from otel_i2e.pytest_plugin import CaseUnderTest
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply

_PLUGIN = [] if any(one.name == "i2e" for one in entry_points(group="pytest11")) else ["-p", "otel_i2e.pytest_plugin"]
_NOT_USED = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")
"""What a session need not load: two fifths of its time."""
_DATASET = (
    '{"id": "laptop", "input": "laptop?", "must": [{"contains": "30 days"}], "expected": "30 days"}\n'
    '{"id": "banana", "input": "banana?", "must": [{"contains": "30 days"}], "expected": "no returns"}\n'
)
_TEST = """
import pytest

def answer(question):
    return "30 days" if "laptop" in question else "no idea"

@pytest.mark.i2e(dataset="refunds.jsonl", repeat=2)
def test_answers(i2e):
    assert len(i2e.run(answer).scores) == 1
    i2e.check()

def test_without_a_marker(i2e):
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a dataset of one case that passes and one that fails."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "refunds.jsonl").write_text(_DATASET)
    (tmp_path / "test_app.py").write_text(_TEST)
    return tmp_path


def _pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", *_NOT_USED, *_PLUGIN, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=180, check=False)


def test_every_case_and_repeat_is_a_test_with_its_scores(project: Path) -> None:
    """In a worker: one id each, failures that explain themselves, scores in the JUnit file."""
    done = _pytest(project, "-n", "1", "--junitxml", "out.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed, 2 passed, 1 error" in done.stdout
    for part in ("banana (P1), repeat 1, failed", "banana?", "no idea", "no returns", "contains"):
        assert part in done.stdout
    assert "the fixture i2e needs @pytest.mark.i2e(dataset=…) on the test" in done.stdout
    tests = {one.get("name"): one for one in ET.parse(project / "out.xml").getroot().iter("testcase")}
    assert {"test_answers[laptop-0]", "test_answers[laptop-1]", "test_answers[banana-0]"} <= tests.keys()
    found = {
        name: {one.get("name", "").partition(".contains")[0]: one.get("value") for one in tests[name].iter("property")}
        for name in ("test_answers[laptop-0]", "test_answers[banana-1]")
    }
    assert list(found["test_answers[laptop-0]"].values())[1:] == ["1.0", "true"]
    assert list(found["test_answers[banana-1]"].values())[1:] == ["0.0", "false"]


def test_several_workers_run_and_store_each_once(project: Path) -> None:
    """One experiment for the session, one trace and one score for each case and repeat."""
    done = _pytest(project, "-n", "3", "-k", "answers")
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    counts = (
        "SELECT count(*) AS roots, count(DISTINCT (case_id, repeat)) AS runs,"
        " count(DISTINCT experiment_id) AS sessions,"
        " (SELECT count(*) FROM scores) AS scores FROM spans WHERE case_id IS NOT NULL AND parent_span_id IS NULL"
    )
    with Store.of(Settings(store=str(project / ".i2e" / "i2e.duckdb"))).read() as reader:
        assert reader.rows(counts) == [{"roots": 4, "runs": 4, "sessions": 1, "scores": 4}]


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("", "refunds.jsonl has no cases, so nothing would be tested"),
        ('{"id": 3}\n', "refunds.jsonl:1: "),
    ],
)
def test_an_unusable_dataset_is_an_error_and_never_a_green_session(project: Path, dataset: str, says: str) -> None:
    """Exit code 2: nothing was measured."""
    (project / "refunds.jsonl").write_text(dataset)
    done = _pytest(project)
    assert done.returncode == 2
    assert says in done.stdout


def test_what_could_not_be_measured_fails_the_test(project: Path) -> None:
    """A task that raised gave no answer to judge."""
    (project / "test_app.py").write_text(
        "import pytest\n\ndef broken(question):\n    raise ValueError('down')\n\n"
        "@pytest.mark.i2e(dataset='refunds.jsonl')\ndef test_it(i2e):\n    i2e.run(broken).check()\n"
    )
    done = _pytest(project, "-k", "laptop")
    assert done.returncode == 1
    assert "case laptop (P1), repeat 0, could not be measured" in done.stdout
    assert "ValueError: down" in done.stdout


@pytest.mark.parametrize(
    ("test", "ends", "says"),
    [
        ("def test_it(i2e):\n    i2e.run(good)\n", "2 failed", "did not check what it ran; call i2e.run(task).check()"),
        ("def test_it(i2e):\n    i2e.run(good).check().run(good)\n", "2 failed", "did not check what it ran"),
        (
            "def test_it(i2e):\n    i2e.run(good).run(good).check()\n",
            "2 failed",
            "before check() looked at what ran first",
        ),
        ("def test_it(i2e):\n    pass\n", "2 failed", "ran nothing; call i2e.run(task).check()"),
        ("def test_it():\n    pass\n", "1 error", "test_it does not take the fixture i2e, so no case is run; add it"),
    ],
)
def test_a_marked_test_without_a_verdict_is_not_green(project: Path, test: str, ends: str, says: str) -> None:
    """Not run, run and not checked, and no case at all: one line each."""
    marker = "import pytest\n\ndef good(question):\n    return '30 days'\n\n@pytest.mark.i2e('refunds.jsonl')\n"
    (project / "refunds.jsonl").write_text(_DATASET.replace('"no returns"', '"30 days"'))
    (project / "test_app.py").write_text(marker + test)
    done = _pytest(project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"\n{ends} in " in done.stdout
    assert says in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("datset='refunds.jsonl'", "does not take datset; it takes dataset, repeat, scorers, timeout"),
        ("", "missing a required argument: 'dataset'; it takes dataset,"),
        (
            "'refunds.jsonl', scorers='no_secrets'",
            "scorers = 'no_secrets' is not a list of names; write ['no_secrets']",
        ),
        ("'refunds.jsonl', repeat='3'", "repeat = '3' is not a whole number of at least 1"),
    ],
)
def test_a_marker_that_says_nothing_usable_is_one_line(project: Path, arguments: str, says: str) -> None:
    """An error of the collection, without a traceback of ours."""
    test = f"import pytest\n\n@pytest.mark.i2e({arguments})\ndef test_it(i2e):\n    i2e.check()\n"
    (project / "test_app.py").write_text(test)
    done = _pytest(project)
    assert done.returncode == 2
    assert says in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_two_markers_on_one_test_are_an_error(project: Path) -> None:
    """One dataset alone would run."""
    markers = "@pytest.mark.i2e('other.jsonl')\n@pytest.mark.i2e('refunds.jsonl')\n"
    (project / "test_app.py").write_text(f"import pytest\n\n{markers}def test_it(i2e):\n    i2e.check()\n")
    done = _pytest(project)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "@pytest.mark.i2e stands 2 times on test_it, and one would run: a test for each dataset" in done.stdout


def test_a_judge_without_a_calibration_reports_and_fails_no_test(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its no is an expected failure, its yes a pass that is called no proof; both stand at the end and in the JUnit."""
    (project / "refunds.jsonl").write_text(
        '{"id": "laptop", "input": "laptop?", "must": ["is polite"]}\n'
        '{"id": "banana", "input": "banana?", "must": ["is polite"], "priority": "P0"}\n'
    )

    def judge(request: MessagesRequest) -> Reply:
        choice = "not_satisfied" if "no idea" in request.question else "satisfied"
        return Reply.json({"reasoning": "r", "choice": choice})

    with MessagesServer(judge) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        done = _pytest(project, "-n", "1", "-k", "answers and 0", "--junitxml", "out.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 xfailed" in done.stdout
    assert "i2e: 2 verdicts rest on judges that may not block" in done.stdout
    assert "case laptop (P1) was passed only by a judge without a valid calibration: must " in done.stdout
    assert "case banana (P0, which counts as P1) is failed only by a judge without" in done.stdout
    tests = {one.get("name"): one for one in ET.parse(project / "out.xml").getroot().iter("testcase")}
    found = {
        name: [one.get("value", "") for one in test.iter("property") if one.get("name") == "i2e.shadow"]
        for name, test in tests.items()
    }
    assert [len(said) for said in found.values()] == [1, 1]
    skipped = [one.get("type") for one in tests["test_answers[banana-0]"].iter("skipped")]
    assert skipped == ["pytest.xfail"]
    assert "judges gave before" not in done.stdout
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    again = _pytest(project, "-n", "1", "-k", "answers and 0", "--junitxml", "out.xml")
    assert "1 passed, 1 xfailed" in again.stdout, again.stdout + again.stderr
    assert "i2e: 2 tests use verdicts that judges gave before" in again.stdout
    assert f"test_answers[laptop-0]: recorded {datetime.now(UTC):%Y-%m-}" in again.stdout
    assert 'name="i2e.replayed"' in (project / "out.xml").read_text()


def test_a_session_without_the_marker_pays_nothing() -> None:
    """Loading the plugin imports nothing of ours but itself."""
    code = (
        "import pytest, sys, otel_i2e.pytest_plugin; "
        "print(*(name for name in sys.modules if name.startswith(('otel_i2e', 'opentelemetry', 'pydantic', 'duckdb'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["otel_i2e", "otel_i2e.pytest_plugin"]


def test_a_test_that_is_run_again_has_the_scores_of_its_last_run_only() -> None:
    """As pytest-rerunfailures does; what others said of it stays."""
    node = cast("pytest.Item", SimpleNamespace(user_properties=[("theirs", 1), ("i2e.passed.must", "false")]))
    CaseUnderTest(Case(id="a", input="x", must=["y"]), 0, scorers=(), timeout=1, node=node)
    assert node.user_properties == [("theirs", 1)]
