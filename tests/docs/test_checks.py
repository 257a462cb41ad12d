"""The table of checks in docs/scorers.md says what the catalogue has."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from otel_i2e.models import Contract
from otel_i2e.score.catalogue import BUILT_IN, standalone

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "scorers.md").read_text(encoding="utf-8")


class Row(NamedTuple):
    """A line of the table."""

    marks: str
    argument: str
    scope: str


def _rows() -> dict[str, Row]:
    section = PAGE.split("\n| check | argument | looks at |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    found: dict[str, Row] = {}
    for line in section.splitlines():
        names, argument, scope = line.strip("| ").split(" | ")
        *several, last = names.split(", ")
        name, _, marks = last.partition(" ")
        found |= {one.strip("`"): Row("", argument, scope) for one in several}
        found[name.strip("`")] = Row(marks, argument, scope)
    return found


ROWS: Final = _rows()


def test_every_check_is_in_the_table_and_no_other() -> None:
    """In the order of the catalogue; `judge`, which needs the prompts, is the last."""
    assert [*ROWS] == [*BUILT_IN, "judge"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_line_says_how_far_a_check_looks_and_what_it_takes(name: str) -> None:
    """Its scope, whether it needs an argument (star), whether silence would satisfy it (dash), every field but the one
    that a plain argument stands for.
    """
    argument: Any = runpy.run_path(str(ROOT / "tests" / "workflows" / "test_parity_catalogue.py"))["ARGUMENTS"][name]
    row, made = ROWS[name], BUILT_IN[name](argument)
    assert made.scope == row.scope.split()[-1]
    alone = {scorer.name.split()[0] for scorer in standalone()}
    negative = "of_an_answer" in made.ask.__qualname__
    assert row.marks == " ".join(["*"] * (name in alone) + ["–"] * negative)
    for contract in _contracts(name):
        _, *fields = contract.model_fields
        assert [field for field in fields if f'"{field}"' not in row.argument] == []


def _contracts(name: str) -> list[type[Contract]]:
    module = sys.modules[
        "otel_i2e.score.checks.contains" if name == "not_contains" else f"otel_i2e.score.checks.{name}"
    ]
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Contract)]
    return [one for one in found if one.__module__ == module.__name__]
