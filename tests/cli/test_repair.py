"""`i2e repair`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    """A store that cannot be opened."""
    path = tmp_path / "s.duckdb"
    with Store(path).write() as writer:
        writer.add_spans([row_of(llm_span())])
    whole = bytearray(path.read_bytes())
    whole[5000] ^= 0xFF
    whole[9000] ^= 0xFF
    path.write_bytes(whole)
    return str(path)


def test_nothing_is_wrong(i2e: Callable[..., Any], tmp_path: Path) -> None:
    """Exit code 0, and the next command."""
    ran = i2e("repair", "--store", str(tmp_path / "s.duckdb"))
    assert (ran.code, "Nothing is wrong" in ran.out, "i2e status" in ran.out) == (0, True, True)
    assert json.loads(i2e("repair", "--json", "--store", str(tmp_path / "s.duckdb")).out) == []


def test_a_dry_run_and_a_real_one(i2e: Callable[..., Any], damaged: str) -> None:
    """2 while something is left to do; each finding with its place, what was seen and what was done."""
    looked = i2e("repair", "--dry-run", "--json", "--store", damaged)
    assert looked.code == 2
    (finding,) = json.loads(looked.out)
    assert (finding["what"], finding["place"], finding["open"]) == ("store", damaged, True)
    mended = i2e("repair", "--store", damaged)
    assert mended.code == 2
    assert "set aside" in mended.err or "opened as far as it is intact" in mended.out
    assert "nothing of it can be read" in mended.out
    again = i2e("repair", "--store", damaged)
    assert (again.code, "seen to before" in again.out) == (0, True)


def test_what_is_missing_is_said(i2e: Callable[..., Any], damaged: str) -> None:
    """A damaged store is no empty one: the first answer is an error, the next ones come with a line about it."""
    asked = ("sql", "SELECT count(*) AS spans FROM spans", "--store", damaged)
    first = i2e(*asked)
    assert (first.code, first.out) == (2, "")
    assert "set aside" in first.err
    then = i2e(*asked)
    assert (then.code, "is missing here; i2e repair" in then.err) == (0, True)
    i2e("repair", "--store", damaged)
    assert "nothing could be read of" in i2e("status", "--store", damaged).out


def test_a_store_that_was_emptied(i2e: Callable[..., Any], tmp_path: Path) -> None:
    """The spool beside it knows that something was in it."""
    store = tmp_path / "s.duckdb"
    spool = Spool(Settings(store=str(store)).spool_path)
    spool.count("stored", n=600)
    spool.close()
    store.touch()
    ran = i2e("repair", "--store", str(store))
    assert (ran.code, "600 spans were stored in it" in ran.out) == (2, True)
