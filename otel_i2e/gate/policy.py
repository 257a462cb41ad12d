"""A policy file: TOML whose names are the fields of `models.Policy`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

from otel_i2e.errors import ConfigError
from otel_i2e.gate.wording import line
from otel_i2e.models import Contract, Policy, ScorerRule, SliceRule, SuiteRule

__all__ = ["parse_policy"]

_TABLES: Final[dict[str, type[Contract]]] = {"suites": SuiteRule, "scorers": ScorerRule, "slices": SliceRule}


def parse_policy(text: str, place: str) -> Policy:
    """The policy in `text`; `place` is the file's name, for messages.

    Raises ConfigError, in one line, naming the file, the line, the key, the value and the rule.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        row = re.search(r"\(at line (\d+)", str(error))
        raise ConfigError(f"{place}{f':{row[1]}' if row else ''}: not valid TOML: {error}") from None
    for key, value in table.items():
        if key not in Policy.model_fields:
            raise ConfigError(
                f"{_at(text, place, [key])}: {key!r} is not a policy; the keys are {', '.join(Policy.model_fields)}"
            )
        try:
            Policy.model_validate({key: value})
        except ValidationError as error:
            raise _refused(text, place, error, key, value) from None
    return Policy.model_validate(table)


def _refused(text: str, place: str, error: ValidationError, key: str, value: object) -> ConfigError:
    problem = error.errors()[0]
    path = [str(part) for part in problem["loc"]] or [key]
    where = _at(text, place, path)
    if key in _TABLES and problem["type"] == "extra_forbidden":
        known = ", ".join(_TABLES[key].model_fields)
        return ConfigError(f"{where}: {path[-1]!r} is not a key of [{'.'.join(path[:-1])}]; its keys are {known}")
    shown: Any = value if len(path) == 1 else problem["input"]
    return ConfigError(f"{where}: {'.'.join(path)} = {line(repr(shown), 80)} is not valid: {problem['msg']}")


def _at(text: str, place: str, path: Sequence[str]) -> str:
    """`file:line` of a key: the row that sets it in its table, else the row that opens the table."""
    rows = text.splitlines()
    found: int | None = None
    inside = len(path) == 1
    for number, row in enumerate(rows, start=1):
        if row.lstrip().startswith("["):
            inside = len(path) > 1 and _names(row, path[1])
            found = number if inside and found is None else found
        if _sets(row, path[0] if len(path) == 1 else path[-1]) and (inside or len(path) == 1):
            return f"{place}:{number}"
        if len(path) > 1 and found is None and _sets(row, path[0]):
            found = number
    return place if found is None else f"{place}:{found}"


def _names(row: str, name: str) -> bool:
    return re.search(rf"""[.\["']{re.escape(name)}["']?\s*\]""", row) is not None


def _sets(row: str, key: str) -> bool:
    return re.match(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=\].]""", row) is not None
