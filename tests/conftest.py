"""Fixtures that every test may use."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from otel_i2e.store import Store, connection

settings.register_profile("i2e", deadline=None)  # a busy machine is no failure
settings.load_profile("i2e")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register `--full` and `--figures`."""
    parser.addoption("--full", action="store_true", help="Run the full version of slow suites.")
    parser.addoption("--figures", action="store_true", help="Print what passed tests measured, as one table.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """With `--figures`: a table of what tests printed; and, when tests of faults ran, a line for each fault."""
    if not config.getoption("--figures"):
        return
    lines = figures({kind: terminalreporter.getreports(kind) for kind in ("passed", "failed")})
    terminalreporter.section("figures")
    widest = max((len(suite) for suite, _ in lines), default=0)
    last = ""
    for suite, line in lines:
        terminalreporter.write_line(f"{'' if suite == last else suite:{widest}}  {line}")
        last = suite
    rows: list[str] = runpy.run_path(str(Path(__file__).with_name("faults") / "fault_table.py"))["fault_table"](lines)
    if rows:
        terminalreporter.section("faults")
    for row in rows:
        terminalreporter.write_line(row)


def figures(reports: dict[str, list[pytest.TestReport]]) -> list[tuple[str, str]]:
    """(suite, line) in the order of files and lines in them, whichever worker was first; equal lines once, counted."""
    found: Counter[tuple[str, int, str]] = Counter()
    for outcome, several in reports.items():
        for report in several:
            path, at, _ = report.location
            suite = Path(path).stem.removeprefix("test_").replace("_", " ")
            mark = "FAILED: " if outcome == "failed" else ""
            said = [line.strip() for line in report.capstdout.splitlines() if line.strip()]
            for line in said or ([report.location[2]] if mark else []):
                found[suite, at or 0, mark + line] += 1
    ordered = sorted(found.items(), key=lambda item: item[0][:2])
    return [(suite, line if n == 1 else f"{n} × {line}") for (suite, _, line), n in ordered]


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether `--full` was given: slow suites then run their whole range."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """No test reads the developer's own settings or keys."""
    for name in _ours():
        monkeypatch.delenv(name)


def _ours() -> list[str]:
    return [name for name in os.environ if name.startswith(("I2E_", "OTEL_", "ANTHROPIC_"))]


@pytest.fixture(scope="session")
def forked_i2e(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """`forked_i2e("gate", cwd=folder, env=environ)`: the command in a process of its own, without the time of a start.

    The process is forked from one that has imported the package. Tests of the start, of signals and of the streams
    themselves begin a new interpreter; so do all with DuckDB 1.5, of which a forked process ends in std::terminate.
    """
    if int(duckdb.__version__.partition(".")[0]) < 2:
        yield _begun_anew
        return
    folder = tmp_path_factory.mktemp("forked")
    streams = [folder / name for name in ("in", "out", "err")]
    command = [sys.executable, "-c", Path(__file__).with_name("fork_server.py").read_text()]
    clean = {name: value for name, value in os.environ.items() if name not in _ours()}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        requests, answers = server.stdin, server.stdout

        def run(
            *arguments: str, cwd: Path, env: dict[str, str], timeout: int = 180
        ) -> subprocess.CompletedProcess[str]:
            for stream in streams:
                stream.write_text("")
            request = {"arguments": arguments, "cwd": str(cwd), "env": env, "timeout": timeout}
            requests.write(json.dumps({**request, "streams": [str(stream) for stream in streams]}) + "\n")
            requests.flush()
            code = int(answers.readline())
            return subprocess.CompletedProcess(arguments, code, streams[1].read_text(), streams[2].read_text())

        yield run
        requests.close()


def _begun_anew(
    *arguments: str, cwd: Path, env: dict[str, str], timeout: int = 180
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from otel_i2e.cli.main import main; main()", *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


_anew: list[str] = []
"""Not empty while the test's own stores are to be migrated."""


@pytest.fixture(scope="session", autouse=True)
def _schema_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """A new store of this process begins as a copy of one that was migrated: that is nine tenths of its time."""
    template = tmp_path_factory.mktemp("schema") / "i2e.duckdb"
    with Store(template).write():
        pass
    attached = connection._attached

    def copied(path: Path, compression: str) -> tuple[duckdb.DuckDBPyConnection, int]:
        if not _anew and not path.exists():
            with suppress(OSError):  # which DuckDB is to say
                shutil.copyfile(template, path)
        return attached(path, compression)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_attached", copied)
        yield


@pytest.fixture(scope="module")
def schema_made_anew() -> Iterator[None]:
    """For a module whose stores begin as a user's do."""
    _anew.append("")
    yield
    _anew.pop()
