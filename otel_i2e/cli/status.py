"""`i2e status`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import counted, emit_json, json_option, prose, safe, say, store_options
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.status import Status

__all__ = ["command"]

_KEYS = 6  # names of attributes that are shown of a scope


@click.command("status")
@store_options
@json_option
def command(*, store: str | None, config: str | None, as_json: bool) -> None:
    """What is recorded, waiting, scored, dropped; what needs attention. Changes nothing."""
    from otel_i2e.workflows.status import status

    settings = load_settings(config=Path(config) if config else None, store=store)
    with redirect_stdout(sys.stderr):  # what the project's scorers print while they load is no part of the result
        found = status(settings)
    if as_json:
        emit_json(found)
    else:
        _print(found, settings.source)


def _print(found: Status, source: str) -> None:
    _row("settings", f"{source or 'no i2e.toml; defaults and I2E_* variables'}")
    size = "nothing stored yet" if found.store_bytes is None else _bytes(found.store_bytes)
    held = "" if found.held_by is None else f", held by process {found.held_by}"
    _row("store", f"{safe(found.store)} ({size}{held})")
    if found.stored is not None:
        stored = found.stored
        _row("", f"spans {stored.spans:,}, traces {stored.traces:,}, model calls {stored.llm_calls:,}")
        if stored.spans:
            _row("", f"latest span {safe(stored.latest_span)}, latest ingest {safe(stored.latest_ingest)}")
        if stored.waiting_logs:
            waiting = counted(stored.waiting_logs, "log record")
            _row("", f"{waiting} waiting for a span that has not come, a week at most")
        for one in stored.unrecognised:
            _row("", f"{one.spans:,} spans of scope {safe(one.scope)} are in no known dialect{_keys(one.keys)}")
    if found.spool is not None:
        spool = found.spool
        age = "" if spool.oldest_seconds is None else f", the oldest {spool.oldest_seconds:.0f} s old"
        _row("spool", f"{spool.items:,} spans and log records wait ({_bytes(spool.bytes)}{age})")
    for one in found.counters:
        _row("counted", f"{one.n:,} {safe(one.counter)}{' (' + safe(one.reason) + ')' if one.reason else ''}")
    for rule in found.rules:
        latest = f", latest {safe(rule.latest_score)}" if rule.latest_score else ""
        waiting = f", {rule.waiting:,} spans waiting for over an hour" if rule.waiting else ""
        missed = f", {rule.passed_over:,} spans passed over" if rule.passed_over else ""
        said = f"{rule.scored:,} scores, {rule.errors:,} errors{waiting}{missed}{latest}"
        said = "cannot run" if rule.problem else said
        if rule.waiting is None and found.stored is not None and not rule.problem:
            said += "; what it matches took too long to count"
        _row("rule", f"{safe(rule.name)}{' (in shadow)' if rule.shadow else ''}: {said}")
        for one in rule.scorers:
            _row("", f"{safe(one.scorer)} {one.version} within a day: {one.line()}")
            if one.beside is not None:
                _row("", f"{safe(one.beside.line())}")
    for warning in found.warnings:
        _row("attention", f"{safe(warning)}")
    if found.stored is None and found.spool is None and not found.warnings:
        say("Nothing is recorded yet. Put `import otel_i2e.auto` first in an application, or see `i2e demo`.")


def _row(label: str, text: str) -> None:
    """On a terminal the text stays in its column."""
    prose(text, f"{label:<12}")


def _keys(keys: tuple[str, ...]) -> str:
    more = f" and {len(keys) - _KEYS} more" if len(keys) > _KEYS else ""
    return f"; attributes {', '.join(map(safe, keys[:_KEYS]))}{more}" if keys else ""


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{size} B"
