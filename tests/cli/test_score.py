"""`i2e score`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import load_settings
from otel_i2e.models import Span
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of

SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> bool:
    return len(output) < 5

@scorer
def broken(output: str) -> bool:
    raise KeyError("policy")
"""
RULES = 'scorers = ["mine.py"]\n[[rules]]\nname = "brief"\nwhere = "TRUE"\nscorers = ["short"]\n'
MAIN = [sys.executable, "-c", "from otel_i2e.cli.main import main; main()", "score"]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """A project with two scorers and no spans."""
    monkeypatch.chdir(tmp_path)
    Path("i2e.toml").write_text('scorers = ["mine.py"]\n', encoding="utf-8")
    Path("mine.py").write_text(SCORERS, encoding="utf-8")


def stored(*spans: Span) -> None:
    """Put these into the project's store."""
    with Store.of(load_settings()).write() as writer:
        writer.add_spans([row_of(span) for span in spans])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`run(*args)`: exit code, stdout, stderr."""

    def ran(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["score", *args])
        shown = capsys.readouterr()
        return int(caught.value.code or 0), shown.out, shown.err

    return ran


def test_scores_and_sums_up(run: Any) -> None:
    """A line for each scorer; why the first error was one; exit 0 where something was measured."""
    stored(llm_span(output="Yes."), llm_span(output="Certainly."), llm_span(output=None))
    code, out, _ = run("--where", "kind = 'llm'", "--scorer", "short", "--scorer", "broken")
    assert code == 0
    header, short, broken, *rest = [line.split("\t") for line in out.splitlines()]
    assert header[:4] == ["scorer", "scored", "passed", "failed"]
    assert short == ["short", "2", "1", "1", "0", "1", "0", ""]
    assert broken == ["broken", "0", "0", "0", "0", "1", "2", ""]
    assert any("broken: 2 errors, the first: KeyError: 'policy' (" in line[0] for line in rest)
    assert any("short: 1 without content, the first: the span has no output text" in line[0] for line in rest)


def test_a_second_time_there_is_nothing_to_score(run: Any) -> None:
    """And it says why, and what to look at."""
    stored(llm_span())
    run("--scorer", "short")
    code, out, _ = run("--scorer", "short")
    assert code == 0
    assert out == "Nothing to score: all 1 have these scores already. See what there is with `i2e traces`.\n"
    code, out, _ = run("--scorer", "short", "--where", "kind = 'tool'")
    assert "no span matches" in out


def test_nothing_measured_is_exit_2(run: Any) -> None:
    """Errors are neither pass nor fail."""
    stored(llm_span())
    assert run("--scorer", "broken")[0] == 2


def test_limit_and_since_bound_it(run: Any) -> None:
    """What is left is said."""
    now = datetime.now(UTC)
    stored(*(llm_span(start_time=now - timedelta(hours=hours)) for hours in (0, 1, 50)))
    _, out, _ = run("--scorer", "short", "--since", "24h", "--limit", "1")
    assert "1 more spans match; run it again, or with a higher --limit." in out


def test_dry_run_scores_nothing(run: Any) -> None:
    """It says what would be."""
    stored(llm_span(), llm_span())
    code, out, _ = run("--scorer", "short", "--dry-run")
    assert (code, out) == (0, "2 spans would be scored; 0 have every score already.\n")
    assert json.loads(run("--scorer", "short", "--json")[1])["tallies"][0]["scored"] == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "--scorer NAME"),
        (["--scorer", "gone"], "there is no scorer 'gone'; there are broken, cites_documents"),
        (["--scorer", "short", "--where", "kindd = 1"], "--where 'kindd = 1': "),
        (["--scorer", "short", "--where", "1); DROP TABLE spans; --"], "a ')' closes a bracket"),
        (["--scorer", "short", "--since", "soon"], "'soon' is neither a duration nor a date"),
        (["--scorer", "short", "--limit", "0"], "0 is not in the range"),
        (["--follow"], "there is no rule; add a table [[rules]]"),
    ],
)
def test_a_mistake_is_told_and_exit_2(run: Any, args: list[str], said: str) -> None:
    """On stderr, without a traceback."""
    stored(llm_span())
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_nothing_recorded_names_the_first_step(run: Any) -> None:
    """No store."""
    code, _, err = run("--scorer", "short")
    assert code == 2
    assert "nothing is stored yet" in err


def otlp(name: str, output: str) -> bytes:
    """One span as a sender has it, in OTLP/JSON."""
    now = time.time_ns()
    attributes = {"i2e.span.kind": "chain", "input.value": "Hi", "output.value": output}
    span = {
        "traceId": os.urandom(16).hex(),
        "spanId": os.urandom(8).hex(),
        "name": name,
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "app"}, "spans": [span]}]}]}).encode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow_takes_in_and_scores_until_it_is_stopped(number: signal.Signals) -> None:
    """What is put into the spool is scored; Ctrl-C and SIGTERM end it with exit 0."""
    Path("i2e.toml").write_text(RULES, encoding="utf-8")
    settings = load_settings()
    settings.spool_path.parent.mkdir(parents=True)
    spool = Spool(settings.spool_path)
    spool.put(otlp("first", "Yes."), encoding="json")
    environment = {**os.environ, "I2E_INGEST_INTERVAL": "0.05", "PYTHONPATH": str(Path(__file__).parents[2])}
    follower = subprocess.Popen(
        [*MAIN, "--follow"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: scores(settings) == [True], follower)
        spool.put(otlp("second", "Certainly."), encoding="json")
        until(lambda: scores(settings) == [False, True], follower)
        follower.send_signal(number)
        out, err = follower.communicate(timeout=120)
    finally:
        follower.kill()
        spool.close()
    assert follower.returncode == 0
    assert out.splitlines()[0].startswith("Following brief over ")
    assert out.splitlines()[-1] == "Stopped."
    assert "rule brief: short: 1 scored, 1 passed" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('where = "kindd = 1"\nscorers = ["short"]', "where = 'kindd = 1': Referenced column \"kindd\" not found"),
        ('scorers = ["shirt"]', "there is no scorer 'shirt'; there are "),
        ('where = "kind = \'llm"\nscorers = ["short"]', "a quote ' is not closed"),
        ("scorers = []", "scorers = []: "),
    ],
)
def test_follow_names_the_rule_and_its_line(i2e: Callable[..., Any], rule: str, said: str) -> None:
    """One line with the file, before anything is followed; exit 2."""
    Path("i2e.toml").write_text(f'scorers = ["mine.py"]\n\n[[rules]]\nname = "brief"\n{rule}\n', encoding="utf-8")
    ran = i2e("score", "--follow")
    assert (ran.code, ran.out) == (2, "")
    assert "i2e.toml:3: rule 'brief': " in ran.err
    assert said in ran.err
    assert ran.err.count("\n") == 1


def scores(settings: Any) -> list[bool]:
    """What passed, as stored."""
    store = Store.of(settings)
    if not store.exists():
        return []
    with store.read() as reader:
        return [row["passed"] for row in reader.rows("SELECT passed FROM scores ORDER BY passed")]


def until(true: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    """Wait until `true()`; fail when the process ends before."""
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.05)
