"""A dataset file: JSON Lines in UTF-8, one case per line. Read with every problem at once, written line by line.

A file belongs to git and to whoever edits it, so writing a case changes its line and nothing else:
all other bytes, the order and the line ends stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, cast
from uuid import uuid4

from pydantic import ValidationError

from otel_i2e.errors import DatasetError
from otel_i2e.models import Case
from otel_i2e.models.json_text import loads_strict

__all__ = [
    "CaseLine",
    "Problem",
    "case_line",
    "dataset_hash",
    "line_of",
    "parse_dataset",
    "put_case",
    "raise_all",
    "read_bytes",
    "read_dataset",
]

_ALWAYS: Final = ("id", "input", "priority")
_MOST_SAID: Final = 20


class Problem(NamedTuple):
    """Something in a dataset file that a person must mend."""

    place: str
    """`file:line`."""
    message: str
    """The value, the rule and the remedy."""

    @property
    def line(self) -> int:
        """The line's number."""
        return int(self.place.rpartition(":")[2])

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class CaseLine(NamedTuple):
    """A case and where it stands."""

    number: int
    """From 1."""
    case: Case
    """The case."""


def read_dataset(path: Path) -> list[Case]:
    """The cases of a file, in order. Raises DatasetError as `read_lines`."""
    return [line.case for line in read_lines(path)]


def read_lines(path: Path) -> list[CaseLine]:
    """The cases of a file with their lines. Raises DatasetError with one line per problem, all of them at once."""
    lines, problems = parse_dataset(read_bytes(path), str(path))
    raise_all(path, [str(problem) for problem in problems])
    return lines


def raise_all(path: Path, problems: Sequence[str]) -> None:
    """DatasetError with one line per problem, when there is one."""
    if problems:
        said = problems[:_MOST_SAID]
        rest = len(problems) - len(said)
        more = [f"and {rest} more problems; `i2e dataset check {path}` lists them all"] if rest else []
        raise DatasetError("\n".join([*said, *more]))


def parse_dataset(content: bytes, place: str) -> tuple[list[CaseLine], list[Problem]]:
    """The cases and the problems in `content`; `place` is the file's name. Empty lines are skipped."""
    lines: list[CaseLine] = []
    problems: list[Problem] = []
    first_on: dict[str, int] = {}
    for number, row in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not row.strip():
            continue
        case, said = case_problems(row)
        if case is not None and case.id in first_on:
            said = [f"id {case.id!r} is on line {first_on[case.id]} already; give this case its own"]
        if case is not None:
            first_on.setdefault(case.id, number)
            lines.append(CaseLine(number, case))
        problems += [Problem(f"{place}:{number}", message) for message in said]
    return lines, problems


def line_of(path: Path, case_id: str) -> CaseLine | None:
    """The case with this id and its line; None when the file or the case is not there, or the line is not valid."""
    if not path.is_file():
        return None
    lines, _ = parse_dataset(read_bytes(path), str(path))
    return next((line for line in lines if line.case.id == case_id), None)


def case_line(case: Case) -> str:
    """The case as one line of JSON: `id`, `input`, `priority`, and every field that is not at its default."""
    values = case.model_dump(mode="json", exclude_defaults=True)
    always = case.model_dump(mode="json", include=set(_ALWAYS))
    ordered = {
        name: values.get(name, always.get(name)) for name in Case.model_fields if name in values or name in always
    }
    return json.dumps(ordered, ensure_ascii=False)


def put_case(path: Path, case: Case) -> int:
    """Write the case over its line, or after the last; gives the line's number.

    The file is replaced in one step, so a reader or a crash sees the old or the new one. Raises
    DatasetError when the file has the id twice.
    """
    path = path.resolve()
    rows = (read_bytes(path) if path.exists() else b"").split(b"\n")
    found = [index for index, row in enumerate(rows) if _id_in(row) == case.id]
    if len(found) > 1:
        raise DatasetError(
            f"{path}:{found[1] + 1}: id {case.id!r} is on line {found[0] + 1} already; remove one of them"
        )
    line = case_line(case).encode()
    if found:
        index = found[0]
        rows[index] = line + (b"\r" if rows[index].endswith(b"\r") else b"")
    else:
        index = len(rows) - 1 if rows[-1] == b"" else len(rows)
        rows[index:] = [line, b""]
    _replace(path, b"\n".join(rows))
    return index + 1


def dataset_hash(cases: Iterable[Case]) -> str:
    """12 hex digits of SHA-256 over the cases; their order does not matter, any field does."""
    digest = hashlib.sha256()
    for row in sorted(json.dumps(case.model_dump(mode="json"), sort_keys=True) for case in cases):
        digest.update(row.encode() + b"\n")
    return digest.hexdigest()[:12]


def case_problems(row: bytes) -> tuple[Case | None, list[str]]:
    """The case in one JSON object, or None and what is wrong with it."""
    try:
        value = _json_of(row)
        return Case.model_validate(value), []
    except ValidationError as error:
        said = (_said(one["loc"], one["type"], one["msg"], one["input"]) for one in error.errors())
        return None, list(dict.fromkeys(said))
    except ValueError as error:
        return None, [str(error)]


def _json_of(row: bytes) -> dict[str, Any]:
    """The line's JSON object. Raises ValueError with a sentence for a person."""
    try:
        value: Any = loads_strict(row.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}; write one JSON object per line") from None
    if b"\\ud" in row.lower() and not _is_text(value):
        raise ValueError("it has half of a surrogate pair (\\ud8…), which is no character; remove it")
    if not isinstance(value, dict):
        raise ValueError(f"a case is a JSON object, and this line is {_shown(value)}")  # noqa: TRY004 -- what the line says is wrong, not our caller
    return cast("dict[str, Any]", value)


def _is_text(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _said(where: Sequence[int | str], kind: str, message: str, value: object) -> str:
    name = ".".join(str(part) for part in where if part not in ("str", "dict[str,any]"))
    if kind == "missing":
        return f"{name!r} is missing; a case needs id and input"
    if kind == "extra_forbidden":
        near = get_close_matches(name, Case.model_fields, n=1)
        return f"{name!r} is not a field of a case{f'; did you mean {near[0]!r}?' if near else '; put it in metadata'}"
    return f"{name} = {_shown(value)} is not valid: {message}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _id_in(row: bytes) -> str | None:
    try:
        value: Any = json.loads(row.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    return value.get("id") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- JSON


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises DatasetError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read dataset {str(path)!r}: {error.strerror}") from None


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"cannot write dataset {str(path)!r}: {error.strerror}") from None
