"""`i2e experiments`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import Case, Experiment
from otel_i2e.store import Store


def test_experiments_are_listed_with_the_gates_last_word(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing yet says which command makes one."""
    monkeypatch.chdir(tmp_path)
    with Store.of(load_settings()).write():
        pass
    assert "i2e eval" in i2e("experiments").out
    experiment = Experiment(
        experiment_id="exp-1",
        dataset="refunds",
        dataset_hash="0" * 12,
        task="app:answer",
        repeats=1,
        created_at=datetime.now(UTC),
        cases=(Case(id="a", input="x"),),
    )
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(experiment)
    assert i2e("gate").code == 2
    row = i2e("experiments").out.splitlines()[1].split("\t")
    assert row[0] == "exp-1"
    assert row[2:] == ["refunds", "app:answer", "1", "1", "0", "", "undecided"]
    assert json.loads(i2e("experiments", "--json").out)[0]["experiment_id"] == "exp-1"
