"""The threshold that a judge should have: chosen on one half of its labels, so that the other half can measure it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.judge import write_threshold
from otel_i2e.models import JudgedLabel, JudgePrompt
from otel_i2e.workflows.scorers import JUDGES, judge_settings, project_folder

__all__ = ["adopt_threshold", "chosen_threshold"]


def chosen_threshold(items: Sequence[JudgedLabel], own: float, choices: Iterable[float | None]) -> float:
    """The threshold with the highest Youden's J (TPR + TNR - 1; Youden 1950) on the labels that are not held out,
    each with its weight.

    Only the values of the judge's choices can tell its verdicts apart. Where several do best, its own counts when it is
    one of them, else the strictest. Its own, too, without labels of both kinds.
    """
    values = {value for value in choices if value is not None}
    known = [(item.value, item.human, item.weight) for item in items if not item.held_out and item.value is not None]
    if len({human for _, human, _ in known}) < 2 or len(values) < 3:
        return own
    found = {value: _youden(known, value) for value in sorted(values, reverse=True)[:-1]}
    best = max(found.values())
    if any(_same_verdicts(own, value, values) for value, j in found.items() if j == best):
        return own
    return next(value for value, j in found.items() if j == best)


def adopt_threshold(settings: Settings, prompt: JudgePrompt, threshold: float) -> Path:
    """Write it into the judge's prompt file; the judge is another identity afterwards. ScorerError when it cannot be.

    A prompt that ships with otel-i2e is copied to `judges/NAME.md` of the project, which takes its place.
    """
    return write_threshold(prompt, threshold, judge_settings(settings), project_folder(settings) / JUDGES)


def _youden(known: Sequence[tuple[float, bool, float]], threshold: float) -> float:
    passes = [(value >= threshold, weight) for value, human, weight in known if human]
    fails = [(value < threshold, weight) for value, human, weight in known if not human]
    return round(_share(passes) + _share(fails) - 1, 12)


def _share(right: Sequence[tuple[bool, float]]) -> float:
    total = sum(weight for _, weight in right)
    return sum(weight for is_right, weight in right if is_right) / total if total else 0.0


def _same_verdicts(one: float, other: float, values: set[float]) -> bool:
    return all((value >= one) == (value >= other) for value in values)
