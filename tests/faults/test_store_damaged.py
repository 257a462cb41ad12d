"""The store's file and its write-ahead log, cut, flipped and zeroed: opened as far as intact, the rest set aside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

TRIALS = Path(__file__).with_name("damage_trials.py")
ROWS = 40
IN_FILE = {f"{number:032x}" for number in range(3)}
HEADER = 40
"""Bytes of the log that carry the checkpoint's number: changed, the log looks like one that was merged already."""


def _run(*arguments: str | Path | int) -> list[str]:
    command = [sys.executable, str(TRIALS), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600).stdout.splitlines()


def _whole(found: dict[str, Any]) -> set[str]:
    """The batches that are there with every row; none is there in part."""
    rows: dict[str, int] = {trace: n for trace, n in found["rows"].items() if not trace.startswith("f")}
    assert set(rows.values()) <= {ROWS}
    return set(rows)


def _check(trial: dict[str, Any], ends: list[int]) -> str:
    """What came of one damage; asserts what must hold."""
    assert "signal" not in trial, trial
    assert "raised" not in trial, trial
    assert trial["ingest"] == {}, trial  # it works on
    assert trial["kept"], trial
    if "error" in trial["after"]:
        assert trial["aside"] == [["store", "s.duckdb", trial["aside"][0][2]]], trial
        assert "i2e repair" in trial["after"]["error"], trial
        return "opens; what is damaged cannot be read, and says so"
    whole = _whole(trial["after"])
    assert any(trace.startswith("f") for trace in trial["after"]["rows"]), trial
    if trial["file"].endswith(".wal"):
        before = {f"{number:032x}" for number, end in enumerate(ends, 3) if end <= trial["at"]}
        assert whole >= IN_FILE | before, trial
        if trial["kind"] in ("flip", "zeroed tail") and trial["at"] >= HEADER and trial["opener"] == "ingest":
            assert trial["aside"], trial
    elif len(whole) < 6:
        assert trial["aside"], trial
    assert not trial["aside"] or trial["said"], trial
    if not trial["aside"]:
        return "opens with everything that is in it"
    return f"{trial['aside'][0][0]} set aside; opens with the rest"


def test_every_damage_is_survived(tmp_path: Path, full: bool) -> None:
    """No crash, no hang; the next opener and ingest work on; nothing that lay in intact parts of the log is lost."""
    ends: list[int] = json.loads(_run("make", tmp_path)[0])
    outcomes: Counter[tuple[str, str, str]] = Counter()
    slowest = 0.0
    for line in _run("run", tmp_path, 100 if full else 6, 20261120):
        trial: dict[str, Any] = json.loads(line)
        outcomes[trial["file"], trial["kind"], _check(trial, ends)] += 1
        slowest = max(slowest, trial["seconds"])
    for (name, kind, outcome), n in sorted(outcomes.items()):
        print(f"{n:4} × {name}, {kind}: {outcome}")
    print(f"{outcomes.total()} damages of the store: 0 crashes, 0 hangs, {slowest:.1f} s at most for all openers")
