"""Notes beside the store of evaluations that began or failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.workflows.evaluation_notes import (
    forget_begun,
    forget_start,
    note_begun,
    note_failure,
    note_start,
    notes,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store that is not there yet."""
    monkeypatch.chdir(tmp_path)
    return Settings(store=str(tmp_path / "new" / "i2e.duckdb"))


def _arguments(settings: Settings, *words: str) -> list[str]:
    return ["eval", *words, "--store", str(settings.store)]


def test_a_start_is_noted_until_something_came_of_it(settings: Settings) -> None:
    """With the dataset that was named: by a word, or by the one file among the options."""
    for words in (("evals/refunds.jsonl",), ("--task", "app:answer", "refunds.jsonl")):
        note_start(_arguments(settings, *words))
        assert [note.dataset for note in notes(settings)] == ["refunds"]
        forget_start(_arguments(settings, *words))
        assert list(notes(settings)) == []


def test_what_began_takes_the_place_of_its_start(settings: Settings) -> None:
    """One process, one note."""
    note_start(_arguments(settings, "refunds"))
    note_begun(settings, "exp-1", "refunds", NOW)
    (note,) = notes(settings)
    assert (note.experiment_id, note.at) == ("exp-1", NOW)
    assert "has not ended" in note.why


def test_an_experiment_that_is_stored_takes_back_earlier_notes_of_its_dataset(settings: Settings) -> None:
    """Those that never ended; later ones, and those of other datasets, stay."""
    note_begun(settings, "exp-0", "refunds", NOW - timedelta(minutes=1))
    note_begun(settings, "exp-1", "refunds", NOW)
    note_begun(settings, "exp-2", "refunds", NOW + timedelta(minutes=1))
    note_begun(settings, "exp-3", "returns", NOW - timedelta(minutes=1))
    forget_begun(settings, "exp-1", "refunds", NOW)
    assert {note.experiment_id for note in notes(settings)} == {"exp-2", "exp-3"}


def test_the_last_failure_of_each_dataset_is_noted(settings: Settings) -> None:
    """In a file of its own; one whose dataset cannot be told has one, too."""
    for words, why in ((("a",), "first"), (("a",), "second"), (("b",), "third"), (("--task", "x"), "fourth")):
        note_failure(_arguments(settings, *words), why)
    assert {(note.dataset, note.why) for note in notes(settings)} == {("a", "second"), ("b", "third"), (None, "fourth")}


@pytest.mark.parametrize("content", ["", "[]", '{"at": "yesterday"}', '{"at": "2026-11-20T12:00:00+00:00"}'])
def test_a_note_that_cannot_be_read_is_one_of_a_failure(settings: Settings, content: str) -> None:
    """It says which file, and what to do."""
    note_begun(settings, "exp-1", "refunds", NOW)
    (file,) = settings.store_path.parent.glob("*.json")
    file.write_text(content)
    (note,) = notes(settings)
    assert note.dataset is None
    assert str(file) in note.why
    assert "delete the file" in note.why


def test_settings_that_cannot_be_used_keep_nobody_from_noting(settings: Settings, tmp_path: Path) -> None:
    """The note is where a gate without them looks."""
    note_failure(["eval", "refunds", "--config", "gone.toml"], "no such file")
    assert [note.why for note in notes(Settings())] == ["no such file"]
    assert list(tmp_path.rglob("*eval-failed*")) != []
    assert list(notes(settings)) == []
