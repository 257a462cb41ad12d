"""How often a process of ours looks for cyclic garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_i2e.cli.main import main


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The threshold of the test's own process."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_scoring_by_command_looks_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is ours."""
    monkeypatch.chdir(tmp_path)
    gc.set_threshold(700, 10, 10)
    with pytest.raises(SystemExit):
        main(["score", "--scorer", "no_loops"])
    assert gc.get_threshold()[0] >= 100_000
