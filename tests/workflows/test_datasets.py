"""Datasets of a project."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, UsageError
from otel_i2e.models import Experiment
from otel_i2e.store import Store
from otel_i2e.workflows.datasets import (
    changing_cases,
    check_dataset,
    dataset_file,
    dataset_path,
    list_datasets,
    require_own_name,
)
from otel_i2e.workflows.evaluation_plan import Selection, checked


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project in the working directory, with one good dataset."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "refunds.jsonl").write_text(
        '{"id": "a", "input": "x", "must": [{"contains": "30"}], "priority": "P0"}\n'
        '{"id": "b", "input": "y", "scorers": ["equals"], "expected": "z"}\n'
    )
    return Settings(store=str(tmp_path / ".i2e" / "i2e.duckdb"), datasets=str(tmp_path / "evals"))


def test_a_dataset_is_named_or_given_as_a_file(settings: Settings) -> None:
    """The name of a file in the settings' directory, or any path."""
    assert dataset_path(settings, "refunds") == Path("evals/refunds.jsonl")
    assert dataset_path(settings, "evals/refunds.jsonl") == Path("evals/refunds.jsonl")


@pytest.mark.parametrize("name", ["../etc", "a/b", "", ".hidden", "a b", "-x"])
def test_a_name_is_not_a_way_out_of_the_directory(settings: Settings, name: str) -> None:
    """Only letters, digits and a few signs make a name."""
    with pytest.raises(DatasetError, match="is not a dataset's name"):
        dataset_file(settings, name)


def test_a_missing_dataset_lists_those_that_are_there(settings: Settings) -> None:
    """By name and by path."""
    for name in ("gone", "evals/gone.jsonl"):
        with pytest.raises(DatasetError, match=r"there is no dataset 'evals/gone.jsonl'; there are refunds"):
            dataset_path(settings, name)


def test_a_good_dataset_has_no_problems(settings: Settings) -> None:
    """Cases, priorities and a hash."""
    (report,) = list_datasets(settings)
    assert (report.name, report.cases, report.problems) == ("refunds", 2, ())
    assert report.priorities == {"P0": 1, "P1": 1, "P2": 0}


def test_every_kind_of_problem_is_found_at_once_in_order(settings: Settings) -> None:
    """A broken line, a check that is none, a scorer that is not there, a case that checks nothing."""
    path = Path(settings.datasets) / "refunds.jsonl"
    path.write_text(
        '{"id": "a", "input": "x", "scorers": ["gone"]}\n'
        "{\n"
        '{"id": "b", "input": "x", "expected": "y"}\n'
        '{"id": "c", "input": "x", "must": [{"contain": "30"}]}\n'
    )
    problems = check_dataset(settings, dataset_path(settings, "refunds")).problems
    assert [problem.split(": ")[0] for problem in problems] == [f"evals/refunds.jsonl:{n}" for n in (1, 2, 3, 4)]
    assert "there is no scorer 'gone'" in problems[0]
    assert "case 'b' has nothing to check, and the gate refuses it" in problems[2]
    assert "'contain' is not a check; did you mean 'contains'?" in problems[3]


@pytest.mark.parametrize(
    ("checks", "name"),
    [('"scorers": ["equals"]', "equals"), ('"must": [{"similarity": {"at_least": 0.9}}]', "must: similarity of 0.9")],
)
def test_a_check_that_needs_what_the_case_expects_is_refused_without_it(
    settings: Settings, checks: str, name: str
) -> None:
    """It would never apply; an evaluation does not begin either."""
    path = dataset_path(settings, "refunds")
    path.write_text(f'{{"id": "a", "input": "x", {checks}}}\n')
    says = (
        f"evals/refunds.jsonl:1: case 'a': {name} compares with `expected`, which the case does not have, so it would "
        "never apply; give the case `expected`, or take the scorer out"
    )
    assert check_dataset(settings, path).problems == (says,)
    path.write_text(f'{{"id": "a", "input": "x", {checks}, "expected": "yes"}}\n')
    assert check_dataset(settings, path).problems == ()


def test_a_cause_is_one_line_whatever_the_number_of_cases(settings: Settings, tmp_path: Path) -> None:
    """At the first case that has it; a file of scorers that is broken is the cause of every name that is in it."""
    path = dataset_path(settings, "refunds")
    checks = ['"scorers": ["one"]', '"scorers": ["two"]', '"must": [{"contain": "30"}]', '"must": [{"contains": "30"}]']
    rows = [f'{{"id": "c{at}", "input": "x", {checks[at % 4]}}}\n' for at in range(20)]
    path.write_text("".join(rows))
    unknown = check_dataset(settings, path).problems
    assert [problem.partition("; there are")[0] for problem in unknown[:2]] == [
        "evals/refunds.jsonl:1: case 'c0' and 4 more: there is no scorer 'one'",
        "evals/refunds.jsonl:2: case 'c1' and 4 more: there is no scorer 'two'",
    ]
    assert unknown[2].startswith("evals/refunds.jsonl:3: case 'c2' and 4 more: must[0]: 'contain' is not a check")
    scorers = tmp_path / "scorers.py"
    scorers.write_text("import no_such_module\n")
    with_file = replace(settings, scorers=(str(scorers),))
    broken, check = check_dataset(with_file, path).problems
    assert broken.startswith("evals/refunds.jsonl:1: case 'c0' and 9 more: its scorers could not be loaded: ")
    assert broken.endswith("ModuleNotFoundError: No module named 'no_such_module'")
    assert check == unknown[2]
    with pytest.raises(DatasetError) as caught:
        checked(with_file, path, Selection(), ())
    assert str(caught.value).splitlines() == [broken, check]


def test_one_at_a_time_may_change_cases(settings: Settings) -> None:
    """A second command waits, and then says what it waited for."""
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with changing_cases(settings):
            inside.set()
            leave.wait(20)

    holder = threading.Thread(target=first)
    holder.start()
    try:
        assert inside.wait(20)
        with (
            pytest.raises(UsageError, match="another command is changing cases"),
            changing_cases(replace(settings, lock_timeout=0.2)),
        ):
            pass
    finally:
        leave.set()
        holder.join()
    with changing_cases(settings):
        pass


def test_two_files_of_one_name_are_not_taken_for_one_another(settings: Settings, tmp_path: Path) -> None:
    """A dataset is known by its name: the second is refused, until the first has another name or is gone."""
    for folder in ("chat", "search"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "fast.jsonl").write_text('{"id": "a", "input": "x", "must": ["y"]}\n')
    chat, search = (tmp_path / folder / "fast.jsonl" for folder in ("chat", "search"))
    require_own_name(settings, search)
    with Store.of(settings).write() as writer:
        for number, metadata in enumerate(({"dataset_path": "chat/fast.jsonl"}, {"refused": "no such task"})):
            writer.add_experiment(
                Experiment(
                    experiment_id=f"exp-{number}", dataset="fast", dataset_hash="", task="app:f", repeats=1,
                    created_at=datetime(2026, 11, 20 + number, tzinfo=UTC), cases=(), metadata=metadata,
                )
            )  # fmt: skip
    require_own_name(settings, chat)
    with pytest.raises(UsageError, match=r"has the name of 'chat/fast\.jsonl', of which there are experiments"):
        require_own_name(settings, search)
    chat.rename(tmp_path / "chat" / "quick.jsonl")
    require_own_name(settings, search)
