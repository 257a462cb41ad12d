"""However a process ends, and however many it forks: within the exit budget, with no loss but of what was not flushed.

The file's last line, `sys.exit`, an exception and SIGTERM, with a handler or without, flush. `os._exit` leaves no time
to anybody: it may lose what was recorded since the last flush, and only that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.workflows.ingest import drain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals of POSIX")

APP = Path(__file__).with_name("ending_app.py")
KEPT, LAST = 10, 5
"""Spans that the application flushes, and records afterwards."""
CODES = {
    "its last line": 0,
    "sys.exit": 3,
    "an exception": 1,
    "an exception at exit": 0,
    "SIGTERM, handled": 0,
    "SIGTERM": -15,
    "os._exit": 3,
}
ABRUPT = ("os._exit",)
BUDGET = Settings().exit_timeout


def _run(store: Path, *arguments: str, **environment: str) -> tuple[int, float, dict[str, Any], str]:
    """The application's exit code, when it was gone, what it printed and its errors."""
    given = {"I2E_STORE": str(store), "I2E_INGEST": "off", "I2E_FLUSH_INTERVAL": "1000", **environment}
    with subprocess.Popen(
        [sys.executable, str(APP), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **given},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        code = process.wait(60)
        ended = time.monotonic()
        errors = process.stderr.read()
    assert said, errors
    return code, ended, json.loads(said), errors


def _names(store: Path) -> list[str]:
    settings = Settings(store=str(store))
    assert drain(settings, 60)
    with Store.of(settings).read() as reader:
        return [row["name"] for row in reader.rows("SELECT name FROM spans")]


def _missing(names: list[str], who: str, part: str, count: int) -> int:
    """Spans of `who` that are not there; asserts that none is there twice."""
    found = [name for name in names if name.startswith(f"{who} {part} ")]
    assert len(found) == len(set(found)) <= count
    return count - len(found)


@pytest.mark.parametrize("way", CODES)
def test_an_end_is_in_time_and_loses_only_what_it_may(tmp_path: Path, full: bool, way: str) -> None:
    """The exit code is the application's own; what was flushed is there, and in an orderly end the rest too."""
    rounds, slowest, lost = (10 if full else 1), 0.0, 0
    for number in range(rounds):
        store = tmp_path / f"{number}.duckdb"
        code, ended, said, errors = _run(store, way)
        assert code == CODES[way], errors
        slowest = max(slowest, ended - said["began"])
        names = _names(store)
        assert _missing(names, f"0 {way}", "kept", KEPT) == 0
        lost += _missing(names, f"0 {way}", "last", LAST)
    may = "may lose what was not flushed" if way in ABRUPT else "0 may be lost"
    print(f"{rounds} ends by {way}: {lost} of {rounds * (KEPT + LAST)} spans lost ({may}), gone after {slowest:.2f} s")
    assert lost == 0 or way in ABRUPT
    assert slowest < BUDGET


def test_forks_that_end_in_every_way(tmp_path: Path, full: bool) -> None:
    """Of a parent that is busy: each child's spans once, as its way of ending allows, and all of the parent's."""
    count, ways = (100 if full else 10), list(CODES)
    store = tmp_path / "s.duckdb"
    code, _, said, errors = _run(store, "forks", str(count), ";".join(ways))
    assert code == 0, errors
    names = _names(store)
    lost: Counter[str] = Counter()
    for number in range(count):
        way = ways[number % len(ways)]
        who = f"{number} {way}"
        assert _missing(names, who, "kept", KEPT) == 0, who
        lost[way] += _missing(names, who, "last", LAST)
    abrupt = sum(lost[way] for way in ABRUPT)
    slowest = max(said["slowest"].values())
    print(
        f"{count} forks that end in {len(ways)} ways: {lost.total() - abrupt} spans lost of all others, {abrupt} "
        f"not flushed of os._exit, {said['busy'] - names.count('parent last')} of "
        f"{said['busy']} of the busy parent; gone after {slowest:.2f} s at most"
    )
    assert lost.total() == abrupt
    assert names.count("parent last") == said["busy"]
    assert slowest < BUDGET


def test_a_stuck_disk_holds_up_no_end(tmp_path: Path) -> None:
    """A write that does not return: the application is gone once the budget is used up, and says what it left."""
    budget = 0.3
    code, ended, said, errors = _run(tmp_path / "s.duckdb", "stuck", I2E_EXIT_TIMEOUT=str(budget))
    took = ended - said["began"]
    print(f"an end while the disk hangs: budget {budget} s, gone after {took:.2f} s, the loss is said")
    assert code == 0, errors
    assert "not flushed at exit" in errors
    assert budget <= took < budget + BUDGET
