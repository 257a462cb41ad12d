"""The spool's file and its write-ahead log, cut, flipped and zeroed: every request that is intact reaches the store."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

TRIALS = Path(__file__).with_name("damage_trials_spool.py")
REQUESTS = 30
IN_FILE = set(range(REQUESTS // 2))
ON_ONE_PAGE = 2
"""Requests that share a page of the file at most, and so are damaged together."""


def _run(*arguments: str | Path | int) -> list[str]:
    command = [sys.executable, str(TRIALS), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout.splitlines()


def _check(trial: dict[str, Any], ends: list[int]) -> tuple[str, int]:
    """What came of one damage, and how many requests it took with it; asserts what must hold."""
    assert "signal" not in trial, trial
    assert "raised" not in trial, trial
    assert (trial["ingest"], trial["after"], trial["left"], trial["twice"]) == ("", "", 0, 0), trial
    assert trial["later"], trial
    assert trial["kept"], trial
    found = set(trial["traces"])
    lost = set(range(REQUESTS)) - found
    if trial["kind"] == "flip":
        assert len(lost) <= ON_ONE_PAGE, trial
    if trial["file"].endswith("-wal"):
        before = {number for number, end in enumerate(ends, REQUESTS // 2) if end <= trial["at"]}
        assert found >= IN_FILE | before, trial
    else:
        assert found >= set(range(REQUESTS)) - IN_FILE, trial
    if lost and not trial["kind"].startswith(("cut", "zero")):
        assert trial["aside"] or trial["rejected"], trial
    assert not trial["aside"] or trial["said"], trial
    if trial["aside"]:
        return "left for a new file, what is intact moved over", len(lost)
    return ("one request rejected, its bytes kept" if trial["rejected"] else "opens"), len(lost)


def test_every_damage_is_survived(tmp_path: Path, full: bool) -> None:
    """By the receiver, ingest, an application and `i2e status`: no crash, no hang, and work goes on."""
    ends: list[int] = json.loads(_run("make", tmp_path)[0])
    outcomes: Counter[tuple[str, str, str]] = Counter()
    gone: Counter[tuple[str, str, str]] = Counter()
    slowest = 0.0
    for line in _run("run", tmp_path, 100 if full else 6, 20261120):
        trial: dict[str, Any] = json.loads(line)
        outcome, lost = _check(trial, ends)
        outcomes[trial["file"], trial["kind"], outcome] += 1
        gone[trial["file"], trial["kind"], outcome] += lost
        slowest = max(slowest, trial["seconds"])
    for key, n in sorted(outcomes.items()):
        print(f"{n:4} × {key[0]}, {key[1]}: {key[2]}; {gone[key]} of {n * REQUESTS} requests were in the damaged part")
    print(f"{outcomes.total()} damages of the spool: 0 crashes, 0 hangs, {slowest:.1f} s at most for all openers")
