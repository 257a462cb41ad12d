"""`i2e dataset`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evals").mkdir()


def _write(name: str, *rows: str) -> None:
    Path(f"evals/{name}.jsonl").write_text("\n".join(rows))


def test_datasets_are_listed(i2e: Callable[..., Any]) -> None:
    """With cases by priority and the number of problems."""
    _write("a", '{"id": "x", "input": "q", "must": [{"contains": "y"}], "priority": "P0"}', "{")
    row = i2e("dataset", "list").out.splitlines()[1].split("\t")
    assert row[:6] == ["a", "1", "1", "0", "0", "1"]
    assert json.loads(i2e("dataset", "list", "--json").out)[0]["name"] == "a"


def test_no_dataset_says_how_to_get_one(i2e: Callable[..., Any]) -> None:
    """A check of nothing is no success."""
    assert "i2e init" in i2e("dataset", "list").out
    ran = i2e("dataset", "check")
    assert ran.code == 2
    assert "i2e init" in ran.err


def test_a_check_says_every_problem(i2e: Callable[..., Any]) -> None:
    """One line each with file and line; exit 2. A good file is exit 0."""
    _write("good", '{"id": "x", "input": "q", "must": [{"contains": "y"}]}')
    _write("bad", "{", '{"id": "x", "input": "q"}')
    ran = i2e("dataset", "check")
    assert ran.code == 2
    assert [row.split(": ")[0] for row in ran.out.splitlines()] == [
        "evals/bad.jsonl:1", "evals/bad.jsonl:2", "evals/good.jsonl",
    ]  # fmt: skip
    good = i2e("dataset", "check", "good")
    assert (good.code, good.out) == (0, "evals/good.jsonl: 1 case, nothing wrong\n")
    assert i2e("dataset", "check", "evals/bad.jsonl", "--json").code == 2
