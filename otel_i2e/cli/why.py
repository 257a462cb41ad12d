"""`i2e why`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.rule_rates import ModelRate

__all__ = ["command"]


@click.command("why")
@click.argument("span")
@store_options
@json_option
def command(span: str, store: str | None, config: str | None, as_json: bool) -> None:
    """Say of a SPAN (or of a trace's root) why it has a score or none, for every online rule and scorer.

    Beside it, how many spans the rule and scorer have scored within a day, of how many they considered, and the pass
    rate, weighted by what was sampled.
    """
    from otel_i2e.workflows.why import why

    answers = why(load_settings(config=Path(config) if config else None, store=store), span)
    if as_json:
        emit_json(answers)
        return
    if not answers:
        say("No online rules: a table [[rules]] in i2e.toml makes one. i2e score scores what is stored.")
        return
    rows = [
        (one.rule, one.scorer, one.outcome, f"{one.scored} of {one.considered}", _percent(one.pass_rates), one.reason)
        for one in answers
    ]
    table(("rule", "scorer", "outcome", "scored in 24 h", "pass rate", "why"), rows)


def _percent(rates: Sequence[ModelRate]) -> str | None:
    """Of one model, or of each that answered."""
    shown = [(f"{100 * one.rate.rate:.0f} %", one.model) for one in rates]
    if len(shown) < 2:
        return shown[0][0] if shown else None
    return "; ".join(f"{rate} by {model}" for rate, model in shown)
