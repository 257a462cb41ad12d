"""Review: what a person does with proposed cases before they are tests.

The store keeps every revision. An approved case lives in its dataset's file as well, which is in git and
may be edited by hand: from then on the file's line is what counts, and a review starts from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, NotFound, UsageError
from otel_i2e.models import Case, CaseStatus, Contract, ScoreRow, Span, StoredCase
from otel_i2e.models.json_text import loads_strict
from otel_i2e.store import Store
from otel_i2e.workflows.author import author
from otel_i2e.workflows.dataset_file import case_problems
from otel_i2e.workflows.datasets import NOTHING_TO_CHECK, changing_cases, dataset_file, line_of, put_case
from otel_i2e.workflows.scorers import applicable_scorers, load_all

__all__ = [
    "Approved",
    "Shown",
    "approve",
    "case_text",
    "edit",
    "find_case",
    "list_cases",
    "parse_entry",
    "reject",
    "replace",
    "show",
]

_LISTS: Final = ("must", "must_not", "scorers", "tags")


class Shown(Contract):
    """A case with the trace it came from."""

    stored: StoredCase
    """Its latest revision; for an approved case the line of the file."""
    file: str | None
    """`file:line` of an approved case."""
    span: Span | None
    """The span that failed, while the store has it."""
    scores: tuple[ScoreRow, ...]
    """Scores of its trace."""


class Approved(Contract):
    """An approved case and where it was written."""

    stored: StoredCase
    """The new revision."""
    file: str
    """`file:line`."""


def list_cases(
    settings: Settings, *, dataset: str | None = None, status: CaseStatus | None = "proposed"
) -> list[StoredCase]:
    """The latest revisions, oldest first; `status` None for all."""
    with Store.of(settings).read() as reader:
        cases = reader.cases(dataset=dataset, status=status)
    return sorted(cases, key=lambda one: (one.created_at, one.case.id))


def find_case(settings: Settings, case_id: str, dataset: str | None = None) -> StoredCase:
    """The case with this id, or whose id alone begins so. An approved one is read from its file.

    Raises NotFound, or UsageError when several are meant.
    """
    cases = list_cases(settings, dataset=dataset, status=None)
    found = [one for one in cases if one.case.id == case_id] or [
        one for one in cases if one.case.id.startswith(case_id)
    ]
    if not found:
        raise NotFound(
            f"no case {case_id!r}{f' in {dataset}' if dataset else ''}; i2e review list --status all shows them"
        )
    if len(found) > 1:
        said = ", ".join(f"{one.case.id} ({one.dataset})" for one in found[:5])
        raise UsageError(f"{case_id!r} means several cases: {said}; give the whole id, and --dataset")
    line = line_of(dataset_file(settings, found[0].dataset), found[0].case.id)
    if found[0].status == "approved" and line is not None:
        return found[0].model_copy(update={"case": line.case})
    return found[0]


def show(settings: Settings, case_id: str, dataset: str | None = None) -> Shown:
    """The case with the span that failed and the scores of its trace."""
    stored = find_case(settings, case_id, dataset)
    origin = stored.case.origin
    path = dataset_file(settings, stored.dataset)
    line = line_of(path, stored.case.id) if stored.status == "approved" else None
    span: Span | None = None
    scores: list[ScoreRow] = []
    if origin is not None and origin.trace_id is not None:
        with Store.of(settings).read() as reader:
            spans = reader.traces([origin.trace_id]).get(origin.trace_id, [])
            scores = reader.scores_of_trace(origin.trace_id)
        span = next((one for one in spans if one.span_id == origin.span_id), None)
    return Shown(
        stored=stored, file=f"{path}:{line.number}" if line is not None else None, span=span, scores=tuple(scores)
    )


def edit(
    settings: Settings,
    case_id: str,
    changes: Mapping[str, Any],
    *,
    dataset: str | None = None,
    by: str | None = None,
    note: str | None = None,
) -> StoredCase:
    """A new, proposed revision. In `changes`, lists (`must`, `tags`, …) are added to and other fields replaced.

    A rejected case is proposed again; an approved one stays in its file as it is until it is approved anew.
    """
    with changing_cases(settings):
        stored = find_case(settings, case_id, dataset)
        case = _changed(settings, stored.case, changes)
        return _revise(settings, stored, case, "proposed", by=by, note=note)


def replace(
    settings: Settings, case_id: str, text: str, *, dataset: str | None = None, by: str | None = None
) -> StoredCase:
    """A new, proposed revision from the whole case as JSON text. The id stays."""
    with changing_cases(settings):
        stored = find_case(settings, case_id, dataset)
        case, problems = case_problems(text.encode())
        if case is None:
            raise DatasetError("; ".join(problems))
        if case.id != stored.case.id:
            raise UsageError(f"id {case.id!r} is not {stored.case.id!r}: results are compared by the id, so it stays")
        _checked(settings, case)
        return _revise(settings, stored, case, "proposed", by=by)


def approve(
    settings: Settings,
    case_id: str,
    changes: Mapping[str, Any] | None = None,
    *,
    dataset: str | None = None,
    by: str | None = None,
    note: str | None = None,
) -> Approved:
    """Make the case a test: `changes` as in `edit`, then its line in the dataset's file, then the new revision.

    Raises UsageError for a case with nothing to check: the gate would refuse the whole run for it.
    """
    with changing_cases(settings):
        stored = find_case(settings, case_id, dataset)
        case = _changed(settings, stored.case, changes or {})
        if not case.checks_something:
            raise UsageError(f"case {case.id!r} {NOTHING_TO_CHECK} (--must, --must-not, --scorer)")
        path = dataset_file(settings, stored.dataset)
        number = put_case(path, case)
        return Approved(stored=_revise(settings, stored, case, "approved", by=by, note=note), file=f"{path}:{number}")


def reject(
    settings: Settings, case_id: str, reason: str, *, dataset: str | None = None, by: str | None = None
) -> StoredCase:
    """Keep the case as rejected, so that the same failure is not proposed again. The reason is required.

    Raises UsageError for an approved case: removing a test is an edit of its file.
    """
    if not reason.strip():
        raise UsageError("a rejection needs a reason: give it with --reason")
    with changing_cases(settings):
        stored = find_case(settings, case_id, dataset)
        path = dataset_file(settings, stored.dataset)
        line = line_of(path, stored.case.id)
        if line is not None:
            raise UsageError(f"case {stored.case.id!r} is a test already; remove {path}:{line.number} first")
        return _revise(settings, stored, stored.case, "rejected", by=by, note=reason)


def case_text(case: Case) -> str:
    """The case as JSON for an editor: every field that a person sets is there."""
    return json.dumps(case.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


def parse_entry(text: str) -> str | dict[str, Any]:
    """An entry of `must` from a command line: `{"contains": …}` is a check, other text a criterion in words."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        value: Any = loads_strict(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{text!r} begins like a check but is not JSON: {error}") from None
    except ValueError as error:
        raise UsageError(f"{text!r} is no check: {error}") from None
    return value


def _changed(settings: Settings, case: Case, changes: Mapping[str, Any]) -> Case:
    values = {name: value for name, value in changes.items() if value not in (None, (), [])}
    if not values:
        return case
    merged = case.model_dump()
    for name, value in values.items():
        merged[name] = [*merged[name], *(one for one in value if one not in merged[name])] if name in _LISTS else value
    try:
        changed = Case.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]} = {first['input']!r} is not valid: {first['msg']}") from None
    return _checked(settings, changed)


def _checked(settings: Settings, case: Case) -> Case:
    """The case, when its checks and scorers exist."""
    applicable_scorers(case, load_all(settings))
    return case


def _revise(
    settings: Settings, stored: StoredCase, case: Case, status: CaseStatus, *, by: str | None, note: str | None = None
) -> StoredCase:
    revision = StoredCase(
        dataset=stored.dataset,
        case=case,
        status=status,
        revision=stored.revision + 1,
        note=note,
        by=author(by),
        created_at=datetime.now(UTC),
    )
    with Store.of(settings).write() as writer:
        writer.add_cases([revision])
    return revision
