"""Changing one line of a prompt file: its threshold, everything else as its author wrote it."""

from __future__ import annotations

import os
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import uuid4

from otel_i2e.errors import ScorerError
from otel_i2e.judge.prompt_file import BUILT_IN, parse_prompt
from otel_i2e.models import JudgePrompt, JudgeSettings

__all__ = ["write_threshold"]

_THRESHOLD: Final = re.compile(r"""^(?P<key>[ \t]*["']?threshold["']?[ \t]*=[ \t]*)[^\s#]+""", re.MULTILINE)


def write_threshold(prompt: JudgePrompt, threshold: float, settings: JudgeSettings, folder: Path) -> Path:
    """Put `threshold` into the file of `prompt`; one that ships with otel-i2e becomes a file in `folder`, of its name.

    ScorerError, and nothing is written, when the file cannot be changed or would then say something else as well.
    """
    built_in = prompt.path == BUILT_IN
    path = folder / f"{prompt.name}.md" if built_in else Path(prompt.path)
    text = _built_in(prompt.name) if built_in else _text(path)
    changed = _THRESHOLD.sub(lambda found: f"{found['key']}{threshold:.12g}", text, count=1)
    wanted = prompt.model_copy(update={"threshold": threshold})
    if parse_prompt(changed, prompt.path, settings, name=prompt.name) != wanted:
        raise ScorerError(
            f"{path}: the line `threshold = …` was not found; write threshold = {threshold:g} into its front matter"
        )
    if built_in and path.exists():
        raise ScorerError(f"{path}: there is such a file, and it is not the judge {prompt.name!r}; rename it")
    _replace(path, changed)
    return path


def _built_in(name: str) -> str:
    return (resources.files("otel_i2e.judge") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ScorerError(f"{path}: cannot read the judge prompt: {reason}") from None


def _replace(path: Path, text: str) -> None:
    """All of it or nothing, through a draft beside it."""
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ScorerError(f"{path}: cannot write the judge prompt: {error.strerror}") from None
