"""The documentation names everything that a user can say, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from otel_i2e.config import Settings
from otel_i2e.models import JudgeSettings, Rule

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.name != "source"])
def test_every_setting_is_documented_with_its_variable_and_default(name: str) -> None:
    """One line of the table names the setting, its variable and its default."""
    row = _row("# Settings", name)
    default = getattr(Settings(), name)
    assert ("file only" if name in ("judge", "rules") else f"`I2E_{name.upper()}`") in row
    if default not in ("", (), {}):
        assert f"| `{default}` |" in row


@pytest.mark.parametrize(
    ("model", "name"), [(model, name) for model in (Rule, JudgeSettings) for name in model.model_fields]
)
def test_every_field_of_a_rule_and_of_the_judge_is_documented(model: type[BaseModel], name: str) -> None:
    """The tables of `[[rules]]` and `[judge]` say each default."""
    row = _row("## `[[rules]]`" if model is Rule else "## `[judge]`", name)
    field = model.model_fields[name]
    expected = "required" if field.is_required() else "none" if field.default is None else f"`{field.default}`"
    assert f"| {expected} |" in row


def test_no_setting_is_documented_that_is_not_there() -> None:
    """A removed setting leaves the page."""
    known = {field.name.upper() for field in fields(Settings)} | {"CONFIG"}
    assert set(re.findall(r"I2E_([A-Z_]+[A-Z])\b", SETTINGS)) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file."""
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def _row(heading: str, name: str) -> str:
    section = SETTINGS[SETTINGS.index(heading) + 1 :].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"{name}: {len(rows)} lines under {heading!r} in docs/settings.md"
    return rows[0]
