"""A small runner of GitHub Actions: `run` steps in bash with GitHub's environment, expressions, outputs and conditions.

It knows what our action and workflow use: `${{ … }}` with `==`, `!=`, `&&`, `||`, `!`, `always()`, `cancelled()`, the
contexts inputs, steps, github and secrets; files of outputs and of the summary; that a step after a failure runs only
when its condition says so. Source: "Workflow syntax", "Contexts" and "Expressions", docs.github.com.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

__all__ = ["Job", "Ran", "evaluated", "own_environ"]

_SHELLS: Final[Mapping[str | None, list[str]]] = {
    None: ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
}
_TOKEN: Final = re.compile(r"\s*(?:'((?:[^']|'')*)'|(&&|\|\||==|!=|!|\(|\))|([\w.-]+(?:\(\))?))")


@dataclass
class Ran:
    """A step that ran, or was skipped."""

    outcome: str
    """`success`, `failure` or `skipped`."""
    code: int = 0
    """Exit code."""
    text: str = ""
    """Of stdout and stderr."""
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    """From `$GITHUB_OUTPUT`."""


@dataclass
class Job:
    """The steps of one job or composite action in `folder`; `contexts` are github, inputs, secrets."""

    folder: Path
    contexts: dict[str, dict[str, Any]]
    environ: dict[str, str]
    steps: dict[str, Ran] = field(default_factory=dict[str, Ran])
    failed: bool = False

    def run(self, steps: list[dict[str, Any]], *, env: Mapping[str, str] | None = None) -> None:
        """Run steps in order; one with `uses` is taken to have succeeded."""
        for number, step in enumerate(steps):
            name = step.get("id") or step.get("name") or str(number)
            condition = str(step.get("if", "success()"))
            if not self._holds(condition):
                self.steps[name] = Ran("skipped")
            elif "run" in step:
                self.steps[name] = self._ran(step, dict(env or {}))
            else:
                self.steps[name] = Ran("success")
            self.failed = self.failed or self.steps[name].outcome == "failure"

    def text(self, template: str) -> str:
        """A string with its expressions filled in."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _string(evaluated(found[1], self._all())), template)

    @property
    def summary(self) -> str:
        """What the steps appended to the step summary."""
        path = self.folder / ".summary"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _holds(self, condition: str) -> bool:
        inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", condition)
        value = bool(evaluated(inner[1] if inner else condition, self._all()))
        says = any(name in condition for name in ("always()", "failure()", "cancelled()", "success()"))
        return value and (says or not self.failed)

    def _all(self) -> dict[str, Any]:
        steps = {name: {"outputs": ran.outputs, "outcome": ran.outcome} for name, ran in self.steps.items()}
        functions = {"always()": True, "cancelled()": False, "success()": not self.failed, "failure()": self.failed}
        return {**self.contexts, "steps": steps, **functions}

    def _ran(self, step: dict[str, Any], env: dict[str, str]) -> Ran:
        script, output = self.folder / ".step.sh", self.folder / ".output"
        script.write_text(self.text(step["run"]), encoding="utf-8")
        output.write_text("", encoding="utf-8")
        given = {name: self.text(str(value)) for name, value in {**env, **step.get("env", {})}.items()}
        done = subprocess.run(
            [*_SHELLS[step.get("shell")], str(script)],
            cwd=self.folder,
            env={
                **self.environ,
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / ".summary"),
                **given,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        lines = output.read_text(encoding="utf-8").splitlines()
        outputs = {name: value for name, _, value in (line.partition("=") for line in lines)}
        return Ran("failure" if done.returncode else "success", done.returncode, done.stdout, outputs)


def evaluated(expression: str, contexts: Mapping[str, Any]) -> Any:
    """The value of what stands between `${{` and `}}`; an unknown name is empty, as it is there."""
    tokens = [found.groups() for found in _TOKEN.finditer(expression.strip())]
    value, rest = _either(tokens, contexts)
    if rest:
        raise ValueError(f"cannot read {expression!r} from {rest[0]}")
    return value


_Tokens = list[tuple[str | None, ...]]


def _either(tokens: _Tokens, contexts: Mapping[str, Any]) -> tuple[Any, _Tokens]:
    value, tokens = _both(tokens, contexts)
    while tokens and tokens[0][1] == "||":
        other, tokens = _both(tokens[1:], contexts)
        value = value or other
    return value, tokens


def _both(tokens: _Tokens, contexts: Mapping[str, Any]) -> tuple[Any, _Tokens]:
    value, tokens = _compared(tokens, contexts)
    while tokens and tokens[0][1] == "&&":
        other, tokens = _compared(tokens[1:], contexts)
        value = value and other
    return value, tokens


def _compared(tokens: _Tokens, contexts: Mapping[str, Any]) -> tuple[Any, _Tokens]:
    value, tokens = _one(tokens, contexts)
    if tokens and tokens[0][1] in ("==", "!="):
        other, rest = _one(tokens[1:], contexts)
        return (_string(value) == _string(other)) == (tokens[0][1] == "=="), rest
    return value, tokens


def _one(tokens: _Tokens, contexts: Mapping[str, Any]) -> tuple[Any, _Tokens]:
    text, sign, name = tokens[0]
    if sign == "!":
        value, rest = _one(tokens[1:], contexts)
        return not value, rest
    if sign == "(":
        value, rest = _either(tokens[1:], contexts)
        return value, rest[1:]
    return (text if name is None else _named(name, contexts)), tokens[1:]


def _named(name: str, contexts: Mapping[str, Any]) -> Any:
    if name in contexts:
        return contexts[name]
    value: Any = contexts
    for part in name.split("."):
        value = cast("Mapping[str, Any]", value).get(part, "") if isinstance(value, Mapping) else ""
    return value


def _string(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def own_environ(*first: Path) -> dict[str, str]:
    """This process's environment with folders first on the path."""
    return {**os.environ, "PATH": os.pathsep.join([*map(str, first), os.environ["PATH"]])}
