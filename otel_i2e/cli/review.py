"""`i2e review`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otel_i2e.cli.case_options import case_options, fields_of
from otel_i2e.cli.everywhere import is_on
from otel_i2e.cli.output import emit_json, json_option, safe, say, store_options, table
from otel_i2e.config import Settings, load_settings
from otel_i2e.errors import I2EError, UsageError

if TYPE_CHECKING:
    from otel_i2e.models import Case, StoredCase
    from otel_i2e.workflows.review import Shown

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group("review")
def command() -> None:
    """List, show, edit, approve or reject proposed cases."""


def _one_case(function: F) -> F:
    """CASE and the options that say which case of which store is meant."""
    function = store_options(json_option(function))
    function = click.option("--dataset", help="The case's dataset, when several have the id.")(function)
    return click.argument("case_id", metavar="CASE")(function)


@command.command("list")
@click.option("--dataset", help="Of one dataset only.")
@click.option(
    "--status",
    type=click.Choice(["proposed", "approved", "rejected", "all"]),
    default="proposed",
    show_default=True,
    help="Where the cases stand.",
)
@store_options
@json_option
def list_command(*, dataset: str | None, status: Any, store: str | None, config: str | None, as_json: bool) -> None:
    """The cases that wait for a review, oldest first."""
    from otel_i2e.workflows.review import list_cases

    cases = list_cases(_settings(config, store), dataset=dataset, status=None if status == "all" else status)
    if as_json:
        emit_json(cases)
        return
    if not cases:
        say("No case waits for a review. `i2e promote QUERY --dataset NAME` proposes some.")
        return
    columns = ("case", "dataset", "status", "priority", "failure mode", "checks", "input", "query")
    table(columns, [_row(one) for one in cases])


@command.command("show")
@_one_case
def show_command(*, case_id: str, dataset: str | None, store: str | None, config: str | None, as_json: bool) -> None:
    """A case with what the application was asked, what it had before it, what it answered, and its scores."""
    from otel_i2e.workflows.review import show

    shown = show(_settings(config, store), case_id, dataset)
    if as_json:
        emit_json(shown)
    else:
        _print(shown)


@command.command("edit")
@_one_case
@case_options
@click.option("--by", help="Who edits; default the user.")
@click.option("--note", help="Why, for the record.")
def edit_command(
    *,
    case_id: str,
    dataset: str | None,
    by: str | None,
    note: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Change a case. --must, --must-not, --scorer and --tag add; without options, $EDITOR opens it as JSON."""
    from otel_i2e.workflows.review import edit

    settings = _settings(config, store)
    fields = fields_of(given)
    stored = edit(settings, case_id, fields, dataset=dataset, by=by, note=note) if fields else None
    stored = stored or _in_editor(settings, case_id, dataset, by)
    if as_json:
        emit_json(stored)
    else:
        say(f"{stored.case.id} is revision {stored.revision}. Next: i2e review approve {stored.case.id}")


@command.command("approve")
@_one_case
@case_options
@click.option("--by", help="Who approves; default the user.")
@click.option("--note", help="Why, for the record.")
def approve_command(
    *,
    case_id: str,
    dataset: str | None,
    by: str | None,
    note: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a case a test: its line is written to the dataset's file. Takes the options of edit too.

    A case with nothing to check is refused: give it --must, --must-not or --scorer.
    """
    from otel_i2e.workflows.review import approve

    done = approve(_settings(config, store), case_id, fields_of(given), dataset=dataset, by=by, note=note)
    if as_json:
        emit_json(done)
        return
    say(f"{done.stored.case.id} is a test now: {done.file}")
    say(f"Next: i2e eval {done.file.rpartition(':')[0]} --task module:function")


@command.command("reject")
@_one_case
@click.option("--reason", required=True, help="Why it is no test; kept, so that it is not proposed again.")
@click.option("--by", help="Who rejects; default the user.")
def reject_command(
    *,
    case_id: str,
    dataset: str | None,
    reason: str,
    by: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Turn a case down. The same failure is not proposed again."""
    from otel_i2e.workflows.review import reject

    stored = reject(_settings(config, store), case_id, reason, dataset=dataset, by=by)
    if as_json:
        emit_json(stored)
    else:
        say(f"{stored.case.id} is rejected: {safe(reason)}")


def _settings(config: str | None, store: str | None) -> Settings:
    return load_settings(config=Path(config) if config else None, store=store)


def _in_editor(settings: Settings, case_id: str, dataset: str | None, by: str | None) -> StoredCase:
    """The case after a person's editor; what cannot be read is kept in a file."""
    from otel_i2e.workflows.review import case_text, find_case, replace

    stored = find_case(settings, case_id, dataset)
    if is_on("no_input"):
        raise UsageError("review edit without a change opens an editor; with --no-input, name one, such as --must")
    before = case_text(stored.case)
    with TemporaryDirectory(prefix="i2e-") as folder:
        file = Path(folder) / f"{stored.revision}.json"
        file.write_text(before, encoding="utf-8")
        click.edit(filename=str(file))
        text = file.read_text(encoding="utf-8")
    if text == before:
        raise UsageError(f"{stored.case.id} was not changed in the editor")
    try:
        return replace(settings, stored.case.id, text, dataset=stored.dataset, by=by)
    except I2EError as error:
        draft = settings.store_path.with_name(f"{stored.dataset}.{stored.revision}.draft.json")
        draft.write_text(text, encoding="utf-8")
        raise UsageError(f"{error}; what you wrote is kept in {draft}") from None


def _row(stored: StoredCase) -> tuple[Any, ...]:
    case = stored.case
    checks = len(case.must) + len(case.must_not) + len(case.scorers)
    query = case.origin.query if case.origin is not None else None
    return case.id, stored.dataset, stored.status, case.priority, case.failure_mode, checks, case.input, query


def _print(shown: Shown) -> None:
    stored, case = shown.stored, shown.stored.case
    say(f"{case.id}  {stored.dataset}  {stored.status}  {case.priority}  revision {stored.revision} by {stored.by}")
    for label, value in _facts(shown, case):
        if value not in (None, "", [], {}):
            say(f"{label:>13}  {safe(value)}")
    for score in shown.scores:
        verdict = {True: "passed", False: "failed", None: ""}[score.passed]
        value = score.label if score.value is None else score.value
        say(f"{'score':>13}  {safe(score.name)} {safe(value)} {verdict} {safe(score.explanation)}".rstrip())
    if stored.status == "proposed":
        say(f"Next: i2e review approve {case.id} --must '…'")


def _facts(shown: Shown, case: Case) -> list[tuple[str, Any]]:
    origin = case.origin
    facts: list[tuple[str, Any]] = [("input", case.input)]
    for position, document in enumerate(case.context.documents, 1):
        facts.append(("document", f"{document.label(position)}: {document.content or '(no text was recorded)'}"))
    facts += [("tool call", json.dumps(tool, ensure_ascii=False)) for tool in case.context.tools]
    if origin is not None:
        prompt = " ".join(part for part in (origin.prompt_name, origin.prompt_version) if part)
        facts += [("answered", origin.output), ("model", origin.model), ("prompt", prompt)]
        facts += [("found by", origin.query), ("trace", origin.trace_id)]
    if shown.span is None and origin is not None:
        facts.append(("span", "not in this store any more"))
    facts += [("failure mode", case.failure_mode), ("severity", case.severity), ("found", case.metadata.get("found"))]
    facts += [("expected", case.expected)]
    facts += [("must", entry) for entry in case.must] + [("must not", entry) for entry in case.must_not]
    facts += [("scorer", name) for name in case.scorers]
    return [*facts, ("note", shown.stored.note), ("file", shown.file)]
