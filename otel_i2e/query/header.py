"""A query file: a header of `-- key: value` comments, then one SELECT.

    -- name: low_score
    -- description: Spans with a failed or low score.
    -- kind: promote
    -- param: threshold number = 0.5  Lowest score that is still good
    -- priority: P1
    SELECT …

The header ends at the first line that is neither a comment nor empty. A comment in it without a
lower-case `key:` is a remark.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from otel_i2e.errors import QueryError
from otel_i2e.models import Priority, Query, QueryParam, Severity
from otel_i2e.query.params import parse_param

__all__ = ["KINDS", "parse_query"]

KINDS: Final = ("promote", "diagnose", "indicator")
_REQUIRED: Final = ("name", "description", "kind")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": KINDS,
    "priority": get_args(Priority),
    "severity": get_args(Severity),
}
_CASE_KEYS: Final = ("priority", "severity", "failure_mode", "suite", "tags")
_KEYS: Final = (*_REQUIRED, "param", *_CASE_KEYS)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class _Entry(NamedTuple):
    line: int
    key: str
    value: str


def parse_query(text: str, path: str) -> Query:
    """The query in a file's text. Raises QueryError, one line with file, line, value and remedy."""
    lines = text.removeprefix("\ufeff").splitlines()
    body = _first_of_body(lines)
    header: dict[str, _Entry] = {}
    params: dict[str, QueryParam] = {}
    places: dict[str, int] = {}
    for entry in _entries(lines[:body]):
        _check(entry, header, path)
        if entry.key == "param":
            param = parse_param(entry.value, f"{path}:{entry.line}")
            if param.name in params:
                raise QueryError(f"{path}:{entry.line}: param {param.name!r} is declared twice; remove one")
            params[param.name] = param
            places[f"${param.name}"] = entry.line
        else:
            header[entry.key] = entry
    for key in _REQUIRED:
        if key not in header:
            raise QueryError(f"{path}:1: the header has no {key!r}; add a line such as `-- {key}: {_example(key)}`")
    return Query(
        name=header["name"].value,
        description=header["description"].value,
        kind=header["kind"].value,  # type: ignore[arg-type]  -- checked against KINDS
        params=tuple(params.values()),
        sql="\n".join(lines[body:]).strip(),
        hash=hashlib.sha256(text.encode()).hexdigest()[:12],
        path=path,
        line=body + 1,
        lines={**{key: entry.line for key, entry in header.items()}, **places},
        defaults=_defaults(header, path),
    )


def _first_of_body(lines: list[str]) -> int:
    for number, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("--"):
            return number
    return len(lines)


def _entries(lines: list[str]) -> Iterator[_Entry]:
    for number, line in enumerate(lines, 1):
        if match := re.fullmatch(r"\s*--\s*([a-z_]+):\s*(.*?)\s*", line):
            yield _Entry(number, match[1], match[2])


def _check(entry: _Entry, header: Mapping[str, _Entry], path: str) -> None:
    place = f"{path}:{entry.line}"
    if entry.key not in _KEYS:
        raise QueryError(
            f"{place}: {entry.key!r} is not a header key; the keys are {', '.join(_KEYS)} "
            "(a remark begins with a capital letter)"
        )
    if not entry.value:
        raise QueryError(f"{place}: {entry.key!r} has no value; write `-- {entry.key}: {_example(entry.key)}`")
    if entry.key in header:
        raise QueryError(f"{place}: {entry.key!r} stands in the header twice, first in line {header[entry.key].line}")
    choices = _CHOICES.get(entry.key)
    if choices and entry.value not in choices:
        raise QueryError(f"{place}: {entry.key} {entry.value!r} is not one of {', '.join(choices)}")
    if entry.key == "name" and not _NAME.fullmatch(entry.value):
        raise QueryError(f"{place}: name {entry.value!r} is not valid; use lower-case letters, digits and _")


def _defaults(header: Mapping[str, _Entry], path: str) -> dict[str, Any]:
    given = {key: header[key] for key in _CASE_KEYS if key in header}
    if given and header["kind"].value != "promote":
        entry = next(iter(given.values()))
        raise QueryError(f"{path}:{entry.line}: {entry.key!r} is for queries of kind promote; remove it")
    values: dict[str, Any] = {key: entry.value for key, entry in given.items()}
    if "tags" in values:
        values["tags"] = [tag.strip() for tag in values["tags"].split(",") if tag.strip()]
    return values


def _example(key: str) -> str:
    examples = {"name": "low_score", "description": "What its rows are.", "param": "since duration = 24h  How far back"}
    return examples.get(key) or "|".join(_CHOICES.get(key, ("…",)))
