"""What root makes beside somebody's store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.workflows.ownership import give_to_owner, make_folder


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is given to whom."""
    calls: list[Any] = []

    def chown(path: Path, user: int, group: int) -> None:
        calls.append((path, user, group))

    monkeypatch.setattr(os, "chown", chown, raising=False)
    return calls


def test_root_gives_each_folder_and_file_to_the_owner(
    tmp_path: Path, given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the folder that it lies in; one that is there already stays whose it is."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    make_folder(tmp_path / "s.duckdb.blobs" / "9f")
    make_folder(tmp_path / "s.duckdb.blobs" / "9f")
    give_to_owner(tmp_path / "s.duckdb.blobs" / "9f")
    owner = tmp_path.stat()
    mine = (owner.st_uid, owner.st_gid)
    folder = tmp_path / "s.duckdb.blobs"
    assert given == [(folder, *mine), (folder / "9f", *mine), (folder / "9f", *mine)]
    assert (folder / "9f").is_dir()


def test_nobody_else_gives_anything(tmp_path: Path, given: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """They may not, and need not."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    make_folder(tmp_path / "a" / "b")
    give_to_owner(tmp_path / "a")
    assert given == []
