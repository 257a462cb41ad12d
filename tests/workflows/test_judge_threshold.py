"""Which threshold a judge should have, and writing it down."""

from __future__ import annotations

from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.models import JudgedLabel
from otel_i2e.workflows.judge_threshold import adopt_threshold, chosen_threshold
from otel_i2e.workflows.scorers import load_all, named

CHOICES = (1.0, 0.5, 0.0, None)


def _label(value: float | None, *, human: bool, held_out: bool = False) -> JudgedLabel:
    return JudgedLabel(trace_id="t", span_id="s", human=human, judge=None, value=value, held_out=held_out)


def test_the_highest_youden_index_is_chosen() -> None:
    """People pass what is 0.5: 1 finds half of the passes, 0.5 all, and both no false one."""
    items = [_label(1.0, human=True), _label(0.5, human=True), _label(0.0, human=False)]
    assert chosen_threshold(items, 1.0, CHOICES) == 0.5
    items = [_label(1.0, human=True), _label(0.5, human=False), _label(0.0, human=False)]
    assert chosen_threshold(items, 0.5, CHOICES) == 1.0


def test_ties_go_to_its_own_threshold_and_else_to_the_strictest() -> None:
    """Nothing on record says that another one is better; 0.7 gives the verdicts of 1."""
    items = [_label(1.0, human=True), _label(0.0, human=False)]
    assert [chosen_threshold(items, own, CHOICES) for own in (1.0, 0.7, 0.5)] == [1.0, 0.7, 0.5]
    assert chosen_threshold(items, 0.0, CHOICES) == 1.0


def test_what_is_held_out_has_no_say() -> None:
    """Nor what has no verdict."""
    items = [_label(1.0, human=True), _label(0.0, human=False), _label(None, human=True)]
    held_out = [_label(0.5, human=True, held_out=True) for _ in range(50)]
    assert chosen_threshold([*items, *held_out], 1.0, CHOICES) == 1.0


def test_without_labels_of_both_kinds_or_with_two_choices_there_is_nothing_to_choose() -> None:
    """Its own stays."""
    assert chosen_threshold([_label(0.5, human=True)], 1.0, CHOICES) == 1.0
    assert chosen_threshold([_label(1.0, human=True), _label(0.0, human=False)], 0.2, (1.0, 0.0)) == 0.2


def test_a_prompt_that_ships_becomes_a_file_of_the_project(tmp_path: Path) -> None:
    """It takes the place of ours, and differs in its threshold alone."""
    settings = Settings(source=str(tmp_path / "i2e.toml"))
    ours = load_all(settings).prompts["groundedness"]
    path = adopt_threshold(settings, ours, 0.5)
    assert path == tmp_path / "judges" / "groundedness.md"
    loaded = load_all(settings)
    assert loaded.errors == []
    assert loaded.prompts["groundedness"] == ours.model_copy(update={"threshold": 0.5, "path": str(path)})
    (scorer,) = named(["groundedness"], loaded)
    assert (scorer.threshold, scorer.source) == (0.5, str(path))
