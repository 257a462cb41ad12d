"""`i2e parity`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from otel_i2e.cli.moment import SINCE
from otel_i2e.cli.output import emit_json, json_option, safe, say, store_options
from otel_i2e.config import load_settings

__all__ = ["command"]

_SHOWN = 10


@click.command("parity")
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="Scores at most, latest first."
)
@click.option(
    "--since", type=SINCE, help="Only scores that were made within this time or since then: 24h, 7d, 2026-01-31."
)
@store_options
@json_option
def command(*, limit: int, since: datetime | None, store: str | None, config: str | None, as_json: bool) -> int:
    """Make stored online scores again the way an evaluation makes them: they must be the same.

    Scorers in code are run; of a judge the request is compared to the byte, and it is not asked. Exit code 0 when all
    are the same, 1 when one is not, 2 when there was nothing to compare.
    """
    from otel_i2e.workflows.parity import check_parity

    found = check_parity(load_settings(config=Path(config) if config else None, store=store), limit=limit, since=since)
    if as_json:
        emit_json(found)
    elif not found.compared:
        say("Nothing to compare: no online score of a scorer as it is now. i2e score --follow makes some.")
    else:
        say(f"{found.compared} online scores made again ({found.code} by code, {found.judged} requests to judges)")
        say(f"{len(found.differences)} differ")
    if not as_json:
        for one in found.differences[:_SHOWN]:
            say(f"✗ {one.scorer} on {one.span_id}\n  online:  {safe(one.online)}\n  offline: {safe(one.offline)}")
        left = {"of another identity": found.other_identity, "without their span": found.no_span}
        left["of judges, stored without their request"] = found.without_request
        left["of calls or traces that have grown since"] = found.grown
        for why, count in left.items():
            if count:
                say(f"{count} left out: {why}")
    return 2 if not found.compared else 1 if found.differences else 0
