"""`i2e override`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Score
from otel_i2e.store import Store


@pytest.fixture(autouse=True)
def _failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """An experiment with a failing P1."""
    monkeypatch.chdir(tmp_path)
    failed = Attempt(scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=0), passed=False)
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(
            Experiment(
                experiment_id="exp-1",
                dataset="refunds",
                dataset_hash="0" * 12,
                task="app:answer",
                repeats=1,
                commit="abc",
                created_at=datetime.now(UTC),
                cases=(Case(id="slow", input="x", must=["y"], priority="P1"),),
                runs=(CaseRun(case_id="slow", repeat=0, status="ok", attempts=(failed,)),),
            )
        )


def test_it_is_recorded_and_the_gate_uses_it(i2e: Callable[..., Any]) -> None:
    """With commit and expiry; then the list says where it was spent."""
    assert "No override on record" in i2e("override").out
    assert i2e("gate").code == 1
    ran = i2e("override", "slow", "--reason", "vendor outage", "--by", "ada", "--expires", "7d")
    assert ran.code == 0
    assert ": slow may fail once, on commit abc, until 20" in ran.out
    assert i2e("gate").code == 0
    (listed,) = json.loads(i2e("override", "--json").out)
    assert (listed["by"], listed["spent_on"], listed["scorer_versions"]) == ("ada", "exp-1", {"s": "1"})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["slow"], "an override needs a reason"),
        (["gone", "--reason", "x"], "no case 'gone'"),
        (["slow", "--reason", "x", "--expires", "soon"], "'soon' is neither a duration nor a date"),
    ],
)
def test_what_is_not_possible_is_one_line(i2e: Callable[..., Any], arguments: list[str], says: str) -> None:
    """Exit 2."""
    ran = i2e("override", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_debt_is_counted_until_the_case_passes(i2e: Callable[..., Any]) -> None:
    """An override that was spent is owed as well; a fix settles it."""
    i2e("override", "slow", "--reason", "vendor outage", "--by", "ada")
    i2e("gate")
    last = "Override debt: {} of 1 overrides are of cases that still do not pass"
    assert i2e("override").out.splitlines()[-1] == last.format(1)
    with Store.of(load_settings()).read() as reader:
        failed = reader.experiment()
    runs = (failed.runs[0].model_copy(update={"attempts": (_passed(failed),)}),)
    fixed = failed.model_copy(update={"experiment_id": "exp-2", "created_at": datetime.now(UTC), "runs": runs})
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(fixed)
    assert i2e("override").out.splitlines()[-1] == last.format(0)


def _passed(failed: Experiment) -> Attempt:
    return failed.runs[0].attempts[0].model_copy(update={"passed": True})
