"""`i2e compare` and its place beside `i2e experiments`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import Attempt, Case, CaseRun, Experiment, Outcome, Score
from otel_i2e.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _experiment(experiment_id: str, minutes: int, **values: float) -> Experiment:
    """Case → the score's value; 0.5 passes."""
    runs = [
        CaseRun(
            case_id=name,
            repeat=0,
            status="ok",
            trace_id=f"{experiment_id}{name}".ljust(32, "0"),
            span_id=f"span-{name}",
            output=f"{name} says {value}\x1b[31m",
            attempts=(
                Attempt(
                    scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=value),
                    passed=value >= 0.5, threshold=0.5,
                ),
            ),
        )
        for name, value in values.items()
    ]  # fmt: skip
    cases = tuple(Case(id=name, input="q", must=["y"]) for name in values)
    return Experiment(
        experiment_id=experiment_id, dataset="refunds", dataset_hash="0" * 12, task="app:answer", repeats=1,
        created_at=NOW + timedelta(minutes=minutes), cases=cases, runs=tuple(runs),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """Two experiments."""
    monkeypatch.chdir(tmp_path)
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(_experiment("exp-a", 0, same=1.0, broke=0.9, gone=1.0))
        writer.add_experiment(_experiment("exp-b", 1, same=1.0, broke=0.2, fresh=1.0))


def test_case_by_case_with_the_spans_behind_each(i2e: Callable[..., Any]) -> None:
    """What broke, what is new, what is gone; and whether it means anything."""
    ran = i2e("compare", "exp-a", "exp-b")
    assert ran.code == 0
    rows = [row.split("\t") for row in ran.out.splitlines()]
    assert rows[0] == ["case", "A", "B", "change", "scores", "spans A", "spans B"]
    assert rows[1][:4] == ["same", "passed 1/1", "passed 1/1", "still passing"]
    assert rows[2][:5] == ["broke", "passed 1/1", "failed 0/1", "regressed", "s 0.9 → 0.2"]
    assert rows[2][5:] == ["exp-abroke00/span-broke", "exp-bbroke00/span-broke"]
    assert [row[3] for row in rows[3:5]] == ["new", "gone"]
    assert "Of 2 cases in both 1 broke, 0 were fixed; the pass rate dropped by 50.0%" in ran.out
    assert "too few to notice any drop" in ran.out


def test_only_what_changed_and_one_case_in_full(i2e: Callable[..., Any]) -> None:
    """Every answer, without control characters."""
    assert "same" not in i2e("compare", "exp-a", "exp-b", "--changed").out.split()
    ran = i2e("compare", "exp-a", "exp-b", "--case", "broke")
    assert "broke says 0.9\\x1b[31m" in ran.out
    assert "trace exp-bbroke0000" in ran.out
    assert i2e("compare", "exp-a", "exp-b", "--case", "nothing").code == 2


def test_json_and_errors(i2e: Callable[..., Any]) -> None:
    """The whole comparison; an id that is not there is exit 2."""
    body = json.loads(i2e("compare", "exp-a", "exp-b", "--json").out)
    assert (body["comparison"]["broke"], len(body["cases"]), body["cases"][1]["b"]["scores"]) == (1, 4, {"s": 0.2})
    assert i2e("compare", "exp-a", "exp-z").code == 2


def test_experiments_of_one_dataset(i2e: Callable[..., Any]) -> None:
    """Of those that there are."""
    assert len(json.loads(i2e("experiments", "--dataset", "refunds", "--limit", "1", "--json").out)) == 1
    assert "No experiment yet" in i2e("experiments", "--dataset", "other").out


def test_latest_is_the_last_complete_one(i2e: Callable[..., Any]) -> None:
    """For A, the last before B; it is said which."""
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(_experiment("exp-c", 2, same=1.0, broke=0.1))
        broken = _experiment("exp-d", 3, same=1.0, broke=0.1)
        writer.add_experiment(broken.model_copy(update={"metadata": {"interrupted": True}}))
    for pair, named in ((("exp-a", "latest"), ("exp-a", "exp-c")), (("latest", "exp-b"), ("exp-a", "exp-b"))):
        ran = i2e("compare", *pair)
        found = json.loads(i2e("compare", *pair, "--json").out)
        assert (ran.code, found["a"], found["b"]) == (0, *named)
        assert found["note"].replace("\n", " ") in ran.out
    ran = i2e("compare", "latest", "latest")
    assert (ran.code, ran.err) == (
        2,
        "i2e: error: both cannot be `latest`; name one of the two experiments by its id, see i2e experiments\n",
    )


def test_runs_that_confirmed_a_failure_count_in_no_score(i2e: Callable[..., Any]) -> None:
    """They are of failing cases only; and that of several repeats the first alone is compared, is said."""
    once = _experiment("exp-c", 2, flaky=0.2)
    again = [once.runs[0].model_copy(update={"repeat": n, "attempts": _passing(once)}) for n in (1, 2, 3)]
    made = once.model_copy(update={"repeats": 2, "metadata": {"confirm": 2}, "runs": (*once.runs, *again)})
    with Store.of(load_settings()).write() as writer:
        writer.add_experiment(_experiment("exp-d", 1, flaky=1.0))
        writer.add_experiment(made)
    ran = i2e("compare", "exp-d", "exp-c")
    assert "s 1 → 0.6" in ran.out
    assert "the first repeat of each case is compared: the baseline has 1, this experiment 2" in ran.out


def _passing(experiment: Experiment) -> tuple[Attempt, ...]:
    (attempt,) = experiment.runs[0].attempts
    return (attempt.model_copy(update={"score": Score(value=1.0), "passed": True}),)
