"""Laying out a project: what `i2e init` writes. Nothing that is there already is changed."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from otel_i2e.errors import UsageError
from otel_i2e.models import Contract

__all__ = ["FILES", "Layout", "init"]

FILES: Final = {
    "i2e.toml": "i2e.toml",
    "app.py": "app.py.txt",
    "scorers.py": "scorers.py.txt",
    "queries/failing_answers.sql": "failing_answers.sql",
    "evals/example.jsonl": "example.jsonl",
    ".github/workflows/i2e.yml": "i2e.yml",
}
"""Path in the project → template. A `.txt` keeps tools from taking a template for our own code."""
_STEPS: Final = (
    "python app.py",
    "i2e traces",
    "i2e query run failing_answers",
    "i2e promote failing_answers --dataset example",
    "i2e review list",
    "i2e eval evals/example.jsonl --task app:answer",
    "i2e gate",
)
"""The loop: record, look, query, promote, review, evaluate, gate."""
_OWN_APP: Final = "put `import otel_i2e.auto` first in your application and run it"
_IGNORED: Final = (".i2e/", "__pycache__/", "/gate.xml", "/gate.md")


class Layout(Contract):
    """What was written and what was left."""

    folder: str
    """The project's directory, as it was given."""
    written: tuple[str, ...]
    """New files, and `.gitignore` when lines were added."""
    left: tuple[str, ...]
    """Files that were there and were not touched."""
    next: tuple[str, ...]
    """The steps that come next, along the loop; all are commands but the recording of an application of one's own."""


def init(folder: Path) -> Layout:
    """Write the project's files into `folder`, which is made if need be. UsageError when it cannot be written."""
    written: list[str] = []
    left: list[str] = []
    try:
        for name, template in FILES.items():
            (written if _write(folder / name, template) else left).append(name)
        (written if _ignore(folder / ".gitignore") else left).append(".gitignore")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename!r}: {error.strerror}; name another directory") from None
    enter = () if folder.resolve() == Path.cwd() else (f"cd {folder}",)
    steps = _STEPS if "app.py" in written else (_OWN_APP, *_STEPS[1:])
    return Layout(folder=str(folder), written=tuple(written), left=tuple(left), next=(*enter, *steps))


def _write(path: Path, template: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = (files("otel_i2e.workflows") / "templates" / template).read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _ignore(path: Path) -> bool:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    present = {line.strip().rstrip("/") for line in text.splitlines()}
    missing = [line for line in _IGNORED if line.rstrip("/") not in present]
    if missing:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(("\n" if text and not text.endswith("\n") else "") + "\n".join(missing) + "\n")
    return bool(missing)
