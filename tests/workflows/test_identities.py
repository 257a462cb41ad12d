"""Every version of a scorer that was used, what it was, and what changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.models import Attempt, CaseRun, JudgePrompt, Outcome, Score
from otel_i2e.score import BUILT_IN, Scorer, judge_scorer, scorer
from otel_i2e.score.checks.must import must_not
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, score_row
from otel_i2e.workflows.comparing import _means
from otel_i2e.workflows.identities import changes, definitions_of, scorer_history

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PROMPT = JudgePrompt(
    name="tone",
    choices={"good": 1.0, "bad": 0.0},
    fields=("output",),
    threshold=1.0,
    model="claude-sonnet-5",
    max_tokens=100,
    text="Is it good?",
    path="judges/tone.md",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a project without scorers."""
    return Settings(store=str(tmp_path / "s.duckdb"), source=str(tmp_path / "i2e.toml"))


def keep(settings: Settings, *scorers: Scorer) -> None:
    """Their definitions, an hour after one another."""
    with Store.of(settings).write() as writer:
        for hours, one in enumerate(scorers):
            writer.add_identities(definitions_of([one], NOW + timedelta(hours=hours)))


def test_a_definition_is_kept_once_when_it_is_first_used(settings: Settings) -> None:
    """Used again later, it stays as it was."""
    tone = judge_scorer(PROMPT)
    keep(settings, tone, tone)
    with Store.of(settings).read() as reader:
        (kept,) = reader.identities()
    assert (kept.scorer, kept.scorer_version, kept.kind, kept.first_seen) == ("tone", tone.version, "judge", NOW)
    assert (kept.text, kept.source) == ("Is it good?", "judges/tone.md")
    assert kept.parameters["choices"] == {"good": 1.0, "bad": 0.0}


LIMIT = 3


def _least() -> int:
    return LIMIT


@scorer(threshold=0.5)
def _long(output: str) -> bool:
    return len(output) >= _least()


def test_the_definition_of_code_has_what_the_code_names() -> None:
    """The functions that it names, the constants, the threshold."""
    (row,) = definitions_of([_long], NOW)
    assert "def _long" in row.text
    assert "def _least" in row.text
    assert row.parameters == {"threshold": 0.5, "_least: LIMIT": 3}


def test_the_definition_of_a_check_has_its_argument() -> None:
    """And that of its opposite says so."""
    check = BUILT_IN["contains"]("30 days")
    assert check.definition.parameters["check"] == "contains"
    assert check.definition.parameters["argument"]["text"] == ["30 days"]
    opposite = must_not({"contains": "30 days"}, BUILT_IN, {})
    assert opposite.definition.parameters["must_not"] is True
    assert opposite.version != check.version


def test_each_version_and_each_model_that_answered_is_an_identity(settings: Settings) -> None:
    """Counted apart, in order of first use; a version that never scored is there with its errors."""
    old, new = judge_scorer(PROMPT), judge_scorer(PROMPT.model_copy(update={"text": "Is it very good?"}))
    keep(settings, old, new)
    rows = [(old, "m-1", True, 0), (old, "m-1", False, 1), (old, "m-2", True, 2), (new, "m-2", True, 3)]
    with Store.of(settings).write() as writer:
        writer.add_scores(
            [
                score_row(
                    llm_span(), "tone", passed, passed=passed, model=model, scorer_version=one.version,
                    created_at=NOW + timedelta(minutes=at),
                )
                for one, model, passed, at in rows
            ]
        )  # fmt: skip
    found = scorer_history(settings, "tone")
    assert [(one.version, one.model, one.scores, one.pass_rate) for one in found] == [
        (old.version, "m-1", 2, 0.5),
        (old.version, "m-2", 1, 1.0),
        (new.version, "m-2", 1, 1.0),
    ]
    assert (found[0].first_seen, found[0].last_seen) == (NOW, NOW + timedelta(minutes=1))
    said = changes(found, old.version[:6], new.version[:6])
    assert {"-Is it good?", "+Is it very good?"} <= set(said)
    assert changes(found, old.version, old.version) == []


def test_scores_from_before_definitions_were_kept_are_listed(settings: Settings) -> None:
    """Their text cannot be had, and that is said."""
    with Store.of(settings).write() as writer:
        writer.add_scores([score_row(llm_span(), "gone", 1, scorer_version="abc", created_at=NOW)])
    found = scorer_history(settings, "gone")
    assert [(one.version, one.is_current, one.text) for one in found] == [("abc", False, None)]
    with pytest.raises(UsageError, match="the definition of gone abc was not kept"):
        changes(found, "abc", "abc")


def test_means_of_an_experiment_keep_versions_apart() -> None:
    """What `i2e compare` shows: two versions of one scorer are two entries."""
    made = [("v1", 1.0), ("v1", 0.0), ("v2", 1.0)]
    runs = [
        CaseRun(
            case_id="c",
            repeat=repeat,
            status="ok",
            attempts=(Attempt(scorer="s", scorer_version=version, outcome=Outcome.SCORED, score=Score(value=value)),),
        )
        for repeat, (version, value) in enumerate(made)
    ]
    assert _means(runs) == {"s@v1": 0.5, "s@v2": 1.0}


def test_production_is_weighted_and_experiments_stand_apart(settings: Settings) -> None:
    """One kept failure beside a sampled pass that stands for nine; experiments and each model have their row."""
    tone = judge_scorer(PROMPT)
    keep(settings, tone)
    known: dict[str, Any] = {"scorer_version": tone.version, "created_at": NOW}
    tried: dict[str, Any] = {"passed": False, "model": "m-1", "source": "offline", "experiment_id": "e"}
    rows = [
        score_row(llm_span(), "tone", 1.0, passed=True, weight=9.0, model="m-1", **known),
        score_row(llm_span(), "tone", 0.0, passed=False, weight=1.0, model="m-1", **known),
        score_row(llm_span(), "tone", 0.0, passed=False, weight=5.0, model="m-2", **known),
        score_row(llm_span(), "tone", 0.0, **tried, **known),
    ]
    with Store.of(settings).write() as writer:
        writer.add_scores(rows)
    found = {(one.model, one.in_production): (one.scores, one.pass_rate) for one in scorer_history(settings, "tone")}
    assert found == {("m-1", True): (2, 0.9), ("m-2", True): (1, 0.0), ("m-1", False): (1, 0.0)}
