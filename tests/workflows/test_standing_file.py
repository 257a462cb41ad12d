"""What judges have earned, carried with the project to a store that knows of none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, UsageError
from otel_i2e.models import JudgeStanding
from otel_i2e.store import Store
from otel_i2e.workflows.datasets import list_datasets
from otel_i2e.workflows.standing_file import known_standings, record_standing

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TONE = JudgeStanding(
    scorer="tone", scorer_version="v1", model="m-1", may_block=True, reason="TPR 0.95, TNR 0.91", created_at=NOW
)


def _settings(folder: Path, store: str = "here.duckdb") -> Settings:
    return Settings(store=str(folder / store), datasets=str(folder / "evals"), source=str(folder / "i2e.toml"))


def _keep(settings: Settings, *standings: JudgeStanding) -> None:
    with Store.of(settings).write() as writer:
        for one in standings:
            writer.add_standing(one)


def test_a_standing_travels_to_a_store_that_knows_of_none(tmp_path: Path) -> None:
    """The latest of the judge, bound to its identity and model; another judge's line stays."""
    settings = _settings(tmp_path)
    short = TONE.model_copy(update={"scorer": "short"})
    later = TONE.model_copy(update={"may_block": False, "created_at": NOW + timedelta(days=1)})
    _keep(settings, TONE, short)
    record_standing(settings, "tone")
    record_standing(settings, "short")
    _keep(settings, later)
    record_standing(settings, "tone")
    fresh = _settings(tmp_path, "ci.duckdb")
    _keep(fresh)
    with Store.of(fresh).read() as reader:
        assert known_standings(fresh, reader) == [short, later]
    assert list_datasets(settings) == []


def test_a_standing_without_a_model_is_neither_recorded_nor_read(tmp_path: Path) -> None:
    """It would let any model block."""
    settings = _settings(tmp_path)
    _keep(settings, loose := TONE.model_copy(update={"model": None}))
    with pytest.raises(UsageError, match="several models"):
        record_standing(settings, "tone")
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "standings.jsonl").write_text(loose.model_dump_json())
    with Store.of(settings).read() as reader, pytest.raises(DatasetError, match=r"standings.jsonl:1: .* names none"):
        known_standings(settings, reader)


def test_a_standing_that_says_two_things_is_told(tmp_path: Path) -> None:
    """The last would count: a judge that may not block would block."""
    settings = _settings(tmp_path)
    (tmp_path / "evals").mkdir()
    row = TONE.model_dump_json().replace('"may_block":true', '"may_block":false,"may_block":true')
    (tmp_path / "evals" / "standings.jsonl").write_text(row)
    _keep(settings)
    with (
        Store.of(settings).read() as reader,
        pytest.raises(DatasetError, match=r"jsonl:1: .* 'may_block' is there twice"),
    ):
        known_standings(settings, reader)
