"""The GitHub action and the snippets: they parse, and call commands with options that exist."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from otel_i2e.cli.main import cli

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "gate" / "action.yml"


def _action() -> dict[str, Any]:
    return yaml.safe_load(ACTION.read_text(encoding="utf-8"))


def test_the_action_is_a_composite_one_whose_inputs_are_used() -> None:
    """Every input is read by a step, through the environment and never inside a script."""
    action = _action()
    assert action["runs"]["using"] == "composite"
    text = ACTION.read_text(encoding="utf-8")
    assert [name for name in action["inputs"] if f"inputs.{name}" not in text] == []
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


@pytest.mark.parametrize("number", range(3))
def test_its_scripts_are_shell(number: int) -> None:
    """Bash reads each without a word."""
    script = _action()["runs"]["steps"][number]["run"]
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_yaml_of_the_page_parses_and_its_options_exist() -> None:
    """So do the options that the action uses."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len([yaml.safe_load(block) for block in blocks]) == 2
    text = "\n".join([*blocks, ACTION.read_text(encoding="utf-8")])
    for name in ("eval", "gate"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        known = {option for one in command.params for option in one.opts}
        calls = re.findall(rf"i2e {name} ((?:.|\\\n)*?)(?:\|\||\n)", text)
        used = {option for call in calls for option in re.findall(r"(?<![\w-])--[a-z-]+", call)}
        assert used
        assert used <= known, used - known


def test_all_of_them_install_the_package_from_where_it_is() -> None:
    """The repository that the package names, as long as it is not on PyPI; the workflow of `i2e init` as the page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Documentation"].partition("/tree/")[0]
    template = ROOT / "otel_i2e" / "workflows" / "templates" / "i2e.yml"
    text = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "ci.md", template))
    installed = re.findall(r"pip install .*otel-i2e.*", text)
    assert len(installed) == 3
    assert all(f'pip install "otel-i2e @ git+{repository}"' in line for line in installed)


@pytest.mark.parametrize("schema", ["github-actions", "github-workflows", "github-workflows of the page", "gitlab-ci"])
def test_they_validate_against_the_schemas_of_their_services(schema: str, tmp_path: Path) -> None:
    """As vendored by check-jsonschema: the action, the workflow of `i2e init`, and both snippets of the page."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    github, gitlab = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    texts = {
        "github-actions": ACTION.read_text(encoding="utf-8"),
        "github-workflows": (ROOT / "otel_i2e" / "workflows" / "templates" / "i2e.yml").read_text(encoding="utf-8"),
        "github-workflows of the page": f"on: pull_request\n{github}",
        "gitlab-ci": gitlab,
    }
    path = tmp_path / "file.yml"
    path.write_text(texts[schema], encoding="utf-8")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema.split(maxsplit=1)[0]}"]
    done = subprocess.run([*checker, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    path.write_text(texts[schema].replace("script:", "scripts:").replace("run:", "runs:"), encoding="utf-8")
    assert subprocess.run([*checker, str(path)], capture_output=True, check=False).returncode == 1
