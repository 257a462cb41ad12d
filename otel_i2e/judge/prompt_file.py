"""Judge prompts: a Markdown file with front matter in TOML between `+++` lines.

    +++
    name = "groundedness"
    description = "Whether the answer says only what the documents say."
    fields = ["input", "output", "documents"]
    threshold = 1.0

    [choices]
    grounded = 1.0
    unsupported = 0.0
    unclear = "not applicable"
    +++
    Decide whether every claim of the output …

`fields` must be there, `optional` is shown where it was recorded; `model`, `max_tokens`, `effort` and `temperature`
win over the table `[judge]` of the settings; `reasoning = false` asks for the choice alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from otel_i2e.errors import ScorerError
from otel_i2e.judge.model_names import takes_temperature
from otel_i2e.judge.request import frame_version
from otel_i2e.models import JudgePrompt, JudgeSettings

__all__ = ["BUILT_IN", "built_in_prompts", "load_prompt", "parse_prompt"]

BUILT_IN: Final = "built in"
"""Where a prompt lies that ships with otel-i2e."""
_FENCE: Final = "+++"
NOT_APPLICABLE: Final = "not applicable"


def load_prompt(path: Path, settings: JudgeSettings) -> JudgePrompt:
    """The prompt in a file. ScorerError, naming file and line, when it cannot be read or is not valid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ScorerError(f"{path}: cannot read the judge prompt: {reason}") from None
    return parse_prompt(text, str(path), settings, name=path.stem)


def built_in_prompts(settings: JudgeSettings) -> dict[str, JudgePrompt]:
    """The prompts that ship with otel-i2e, by name: `must`, `must_not`, `groundedness`, `correctness`."""
    folder = resources.files("otel_i2e.judge") / "prompts"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    prompts = (
        parse_prompt(file.read_text(encoding="utf-8"), BUILT_IN, settings, name=file.name.removesuffix(".md"))
        for file in files
    )
    return {prompt.name: prompt for prompt in prompts}


def parse_prompt(text: str, path: str, settings: JudgeSettings, *, name: str) -> JudgePrompt:
    """The prompt in `text`; `name` is used when the front matter has none."""
    front, body = _split(text.replace("\r\n", "\n").removeprefix("\ufeff"), path)
    try:
        table = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        raise ScorerError(
            f"{path}: the front matter is not valid TOML: {error} (counted from the line after +++)"
        ) from None
    if ours := table.keys() & _NOT_IN_FRONT:
        raise ScorerError(
            f"{path}: {min(ours)!r} is not a field of a judge prompt; the fields are {', '.join(_FIELDS)}"
        )
    values = {
        "name": name,
        "model": settings.model,
        "max_tokens": settings.max_tokens,
        "effort": settings.effort,
        "temperature": settings.temperature,
        **table,
        "frame": frame_version(),
        "text": body.strip(),
        "path": path,
    }
    if isinstance(choices := values.get("choices"), Mapping):
        values["choices"] = {key: _value(item) for key, item in cast("Mapping[str, Any]", choices).items()}
    try:
        prompt = JudgePrompt.model_validate(values)
    except ValidationError as error:
        raise ScorerError(f"{path}{_line_of(text, error)}: {_said(error)}") from None
    if (why := prompt.idle_threshold) is not None:
        raise ScorerError(f"{path}: {why}")
    if prompt.temperature is not None and not takes_temperature(prompt.model):
        raise ScorerError(
            f"{path}: temperature = {prompt.temperature:g}, and {prompt.model} takes none (models after Claude 4.6 "
            "refuse it); leave it out, or choose an earlier model"
        )
    return prompt


def _split(text: str, path: str) -> tuple[str, str]:
    lines = text.split("\n")
    if lines[0].strip() != _FENCE:
        raise ScorerError(
            f"{path}:1: a judge prompt begins with front matter in TOML between two lines {_FENCE!r}, got {lines[0]!r}"
        )
    for number, line in enumerate(lines[1:], 1):
        if line.strip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
    raise ScorerError(f"{path}:1: the front matter is not closed; end it with a line {_FENCE!r}")


def _value(item: Any) -> Any:
    return None if item == NOT_APPLICABLE else item


def _said(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{place!r} is not a field of a judge prompt; the fields are {', '.join(_FIELDS)}"
    if place == "text":
        return "there is no instruction below the front matter"
    message = problem["msg"].removeprefix("Value error, ")
    hint = f", or {NOT_APPLICABLE!r}" if place.startswith("choices.") else ""
    got = "" if problem["type"] == "missing" else f", got {problem['input']!r}"
    return f"{place}: {message}{hint}{got}"


def _line_of(text: str, error: ValidationError) -> str:
    """`:line` of the key that is not valid, when the front matter has it."""
    loc = [str(part) for part in error.errors(include_url=False)[0]["loc"]]
    for number, line in enumerate(text.splitlines(), 1):
        key = line.partition("=")[0].strip().strip("[]").strip("\"'")
        if loc and key == next((part for part in reversed(loc) if not part.isdigit()), None):
            return f":{number}"
    return ""


_NOT_IN_FRONT: Final = frozenset({"text", "path", "frame"})
_FIELDS: Final = tuple(name for name in JudgePrompt.model_fields if name not in _NOT_IN_FRONT)
