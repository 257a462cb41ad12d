"""What is measured of each case of a dataset, and what is wrong with it: one line for each cause, not for each case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from otel_i2e.errors import DatasetError
from otel_i2e.score import Scorer
from otel_i2e.workflows.dataset_file import CaseLine, Problem
from otel_i2e.workflows.scorers import Loaded, applicable_scorers

__all__ = ["dataset_scorers"]


def dataset_scorers(
    path: Path, lines: Iterable[CaseLine], loaded: Loaded
) -> tuple[dict[str, list[Scorer]], list[Problem]]:
    """By id, what each case asks for; and the problems, each at the first case that has it."""
    found: dict[str, list[Scorer]] = {}
    causes: dict[str, list[CaseLine]] = {}
    for line in lines:
        case = line.case
        if loaded.errors and not loaded.scorers.keys() >= set(case.scorers):
            broken = "; ".join(map(str, loaded.errors))
            causes.setdefault(f"its scorers could not be loaded: {broken}", []).append(line)
            continue
        try:
            found[case.id] = applicable_scorers(case, loaded)
        except DatasetError as error:
            causes.setdefault(str(error).removeprefix(f"case {case.id!r}: "), []).append(line)
    return found, [_problem(path, cause, having) for cause, having in causes.items()]


def _problem(path: Path, cause: str, having: list[CaseLine]) -> Problem:
    number, case = having[0]
    more = f" and {len(having) - 1} more" if len(having) > 1 else ""
    return Problem(f"{path}:{number}", f"case {case.id!r}{more}: {cause}")
