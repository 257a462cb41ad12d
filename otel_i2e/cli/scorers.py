"""`i2e scorers`."""

from __future__ import annotations

from pathlib import Path

import click

from otel_i2e.cli.output import emit_json, json_option, say, table
from otel_i2e.config import load_settings

__all__ = ["command"]


@click.command("scorers")
@click.option("--config", type=click.Path(dir_okay=False), envvar="I2E_CONFIG", help="Settings file; default i2e.toml.")
@json_option
def command(config: str | None, as_json: bool) -> None:
    """List the scorers that a rule, a case or `i2e score` may name, with their versions."""
    from otel_i2e.workflows.scorers import CHECKS, list_scorers

    settings = load_settings(config=Path(config) if config else None)
    scorers = list_scorers(settings)
    if as_json:
        emit_json({"scorers": scorers, "checks": CHECKS})
        return
    table(
        ("name", "version", "threshold", "needs", "source", "description"),
        [
            (
                scorer.name,
                scorer.version,
                scorer.threshold,
                ", ".join([*scorer.needs, *(f"{name}?" for name in scorer.optional)]),
                scorer.source,
                scorer.description,
            )
            for scorer in scorers
        ],
    )
    for warning in dict.fromkeys(f"{one.warning}" for one in scorers if one.warning):
        names = ", ".join(one.name for one in scorers if one.warning == warning)
        click.echo(f"i2e: warning: {names}: {warning}", err=True)
    say(f"Checks for `must` and `must_not` of a case: {', '.join(CHECKS)}; a text is put to the judge.")
    if not settings.scorers:
        say('No scorers of your own: name a file, `scorers = ["scorers.py"]`, in i2e.toml, or run `i2e init`.')
