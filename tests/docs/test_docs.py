"""The documentation names everything that a user can say, and nothing that is not there."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Final

import click
import pytest
from pydantic import BaseModel

import otel_i2e
from otel_i2e.cli.main import COMMANDS, cli
from otel_i2e.config import Settings
from otel_i2e.judge.prompt_file import parse_prompt
from otel_i2e.models import SPAN_COLUMNS, JudgeSettings, Rule
from otel_i2e.query.header import parse_query
from otel_i2e.testing import temporary_store

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.name != "source"])
def test_every_setting_is_documented_with_its_variable_and_default(name: str) -> None:
    """One line of the table names the setting, its variable and its default."""
    row = _row("# Settings", name)
    default = getattr(Settings(), name if name != "max_content_bytes" else "recorded_bytes")
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
    default = field.get_default(call_default_factory=True) if not field.is_required() else None
    shown = json.dumps(default) if isinstance(default, list | bool) else default
    expected = "required" if field.is_required() else "none" if default is None else f"`{shown}`"
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


def test_the_page_of_commands_is_current() -> None:
    """Every command, subcommand and option is there as it is now; `python docs/commands.py` writes it."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert all(f"## `i2e {name}" in page for name in COMMANDS)
    assert page == _script("commands").page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_a_page_can_be_typed(page: Path) -> None:
    """Each `i2e …` line of a shell block names a command that exists, with options that it takes."""
    for line in _shell_lines(page):
        for part in line.split("&&"):
            words = shlex.split(part.split("$(i2e", 1)[-1], comments=True)
            if words[:1] == ["i2e"]:
                _parse(words[1:], f"{page.name}: {line}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_in_a_page_is_valid(page: Path) -> None:
    """Python compiles, TOML and JSON parse, a query's header and a judge prompt's front matter are accepted."""
    for language, block in re.findall(r"```(\w+)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        _READ.get(language, str)(block)


def test_python_on_the_first_page_runs_as_it_is_shown(tmp_path: Path) -> None:
    """Each block in a process of its own; the scorer then judges an answer that cites what was not retrieved."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    judging = (
        "import asyncio\n"
        "from otel_i2e.models import Subject\n"
        "from otel_i2e.score import run_scorer\n"
        "from otel_i2e.testing import agent_span, retrieval_span, trace_of\n"
        "turn = trace_of(agent_span('?', 'So says [policy-9].'), retrieval_span('?', [Document(id='policy-1')]))\n"
        "made = asyncio.run(run_scorer(cites_only_sources, Subject(span=turn[0], trace=tuple(turn)), judge=None))\n"
        "assert (made.passed, made.score.explanation) == (False, 'not among the documents: policy-9'), made\n"
    )
    assert [block for block in blocks if "@scorer" in block] != []
    for block in blocks:
        script = block + (judging if "@scorer" in block else "")
        environment = {**os.environ, "I2E_STORE": str(tmp_path / "s.duckdb")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stderr}"


def test_every_table_and_column_is_documented() -> None:
    """docs/queries.md names each column of `spans`, and each table and view that a user may query."""
    page = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
    with temporary_store() as store, store.read() as reader:
        rows = reader.rows("SELECT table_name FROM information_schema.tables WHERE table_name NOT LIKE 'span_rows%'")
        columns = [row["column_name"] for row in reader.rows("DESCRIBE spans")]
    assert [name for name in columns if f"`{name}`" not in page] == []
    assert set(columns) == set(SPAN_COLUMNS)
    tables = {row["table_name"] for row in rows} - {"schema_migrations", "waiting_logs"}  # of no use in a query
    assert [name for name in sorted(tables) if f"`{name}`" not in page] == []


def test_every_public_helper_is_documented() -> None:
    """docs/recording.md and docs/scorers.md name what `otel_i2e` exports."""
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("recording.md", "scorers.md"))
    assert [name for name in otel_i2e.__all__ if not re.search(rf"\b{name}\b", text)] == []


_READ: Final[dict[str, Callable[[str], object]]] = {
    "python": ast.parse,
    "toml": tomllib.loads,
    "json": json.loads,
    "sql": lambda block: parse_query(block, "page"),
    "markdown": lambda block: parse_prompt(block, "page", JudgeSettings(), name="page"),
}


def test_the_picture_is_of_this_demo() -> None:
    """It tells every chapter, asks nobody's server for a font, and names no folder of the machine that made it."""
    picture = (ROOT / "docs" / "terminal.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    story = (ROOT / "otel_i2e" / "workflows" / "demo.py").read_text(encoding="utf-8")
    chapters = re.findall(r'tell\.chapter\(\s*"(\w+)"', story)
    assert len(chapters) == 5
    assert [title for number, title in enumerate(chapters, 1) if f">{number} {title}<" not in picture] == []
    assert re.findall(r"url\(.?http|/tmp|/home", picture) == []


def _parse(words: list[str], place: str) -> None:
    """Let click read the words; nothing is run."""
    group: click.Command = cli
    with click.Context(cli, info_name="i2e") as context:
        while isinstance(group, click.Group) and not (
            group.invoke_without_command and words[:1] != [*group.commands][:1]
        ):
            found = group.get_command(context, words[0] if words else "")
            assert found is not None, place
            group, words = found, words[1:]
        try:
            group.make_context(group.name, words, parent=context)
        except click.UsageError as error:
            pytest.fail(f"{place}: {error.format_message()}")


def _shell_lines(page: Path) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _row(heading: str, name: str) -> str:
    section = SETTINGS[SETTINGS.index(heading) + 1 :].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"{name}: {len(rows)} lines under {heading!r} in docs/settings.md"
    return rows[0]
