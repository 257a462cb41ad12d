"""The table of rooms in docs/architecture.md says what the code imports: no more, no less."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
HOUSE: Final = ROOT / "otel_i2e"


def _rows() -> list[tuple[list[str], set[str]]]:
    """(rooms of the row, rooms they may import), in the table's order."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("\n## Rooms\n")[1]
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return [(re.findall(r"`(\w+)`", names), set(re.findall(r"`(\w+)`", last))) for names, *_, last in cells]


def test_every_room_is_in_the_table() -> None:
    """A package or module at the top of the house has a row; a row has a room."""
    rooms = {path.stem for path in HOUSE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {room for names, _ in _rows() for room in names} == rooms - {"__init__", "__main__"}


@pytest.mark.parametrize(("rooms", "allowed"), [pytest.param(*row, id="-".join(row[0])) for row in _rows()])
def test_a_room_imports_what_its_row_says(rooms: list[str], allowed: set[str]) -> None:
    """Each room stays within its row, and the row names nothing that no room of it imports."""
    imported = _imported()
    assert set[str]().union(*(imported[room] - {room} for room in rooms)) == allowed


def _imported() -> dict[str, set[str]]:
    """Rooms → the rooms that their modules import. What the demo copies into a project of its own is no room."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in HOUSE.rglob("*.py"):
        if "project" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("otel_i2e"):
                parts = (node.module or "").split(".")
                found[path.relative_to(HOUSE).parts[0].removesuffix(".py")].update(
                    parts[1:2] or [name.name for name in node.names]
                )
    return found
