"""`i2e import`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.moment import SINCE
from otel_i2e.cli.output import counted, emit_json, json_option, progress, safe, say, store_options
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.importing import ImportReport

__all__ = ["command"]


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--service", help="Only what this service.name sent.")
@click.option(
    "--since", type=SINCE, help="Only spans that started within this time or since then: 24h, 7d, 2026-01-31."
)
@store_options
@json_option
def command(
    *,
    files: tuple[str, ...],
    service: str | None,
    since: datetime | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int:
    """Store the traces and logs of OTLP files: paths, patterns, or - for standard input.

    JSON and protobuf, one request or many (such as the Collector's file exporter writes), gzip or not. Importing a
    file twice stores it once. Exit code 2 when a part could not be read; the rest is stored all the same.
    """
    from otel_i2e.workflows.importing import STDIN, find_files, import_files

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = find_files(files)
    known = all(name != STDIN and Path(name).is_file() for name in found)
    total = sum(Path(name).stat().st_size for name in found) if known else None
    with progress("importing", total) as advance:
        report = import_files(settings, found, service=service, since=since, on_bytes=advance)
    if as_json:
        emit_json(report)
    else:
        _print(report)
    return 2 if report.problems else 0


def _print(report: ImportReport) -> None:
    for problem in report.problems:
        echo(f"i2e: {safe(problem)}", err=True)
    files, requests = counted(report.files, "file"), counted(report.requests, "request")
    say(f"{files}, {requests}: {counted(report.spans, 'span')}, {counted(report.logs, 'log record')}.")
    for signal, n in report.skipped.items():
        say(f"{counted(n, 'request')} of {signal} skipped: only traces and logs are recorded.")
    if report.left_out:
        say(f"{report.left_out:,} left out: another service, or too early.")
    stored, scores = counted(report.stored, "span"), counted(report.scores, "score")
    say(f"{stored} stored, {report.duplicate:,} stored before, {scores}.")
    if report.logs_read:
        say(f"{counted(report.logs_read, 'log record')} read: content of spans, or scores.")
    if report.logs_skipped:
        say(f"{counted(report.logs_skipped, 'log record')} not kept: no content of a model call, and no score.")
    for reason, n in report.rejected.items():
        say(f"{n:,} rejected: {reason}")
    if report.waiting:
        say(f"{report.waiting:,} handed on to another process, which moves them; see `i2e status`.")
    if not report.spans and not report.logs:
        say("Nothing to import. `i2e traces` shows what is stored.")
