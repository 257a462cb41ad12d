"""`i2e label`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import emit_json, json_option, safe, say, store_options, table
from otel_i2e.config import Settings, load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.labels import Agreement

__all__ = ["command"]


@click.command("label")
@click.argument("target", required=False)
@click.option("--scorer", required=True, metavar="NAME", help="The scorer or judge whose question is answered.")
@click.option("--pass", "passes", is_flag=True, help="The span passes.")
@click.option("--fail", "fails", is_flag=True, help="The span fails.")
@click.option("--by", "reviewer", help="Who says so; default the user.")
@click.option("--note", help="Why.")
@click.option("--experiment", metavar="ID", help="With a case: its run in this experiment; default the latest.")
@click.option("--from", "source", type=click.Path(dir_okay=False), help="JSON Lines with span, passed, reviewer, note.")
@click.option("--agreement", "agree", is_flag=True, help="Show how far the reviewers agree.")
@click.option("--limit", type=click.IntRange(min=1), default=3, show_default=True, help="Spans to show that need one.")
@store_options
@json_option
def command(
    *,
    target: str | None,
    scorer: str,
    passes: bool,
    fails: bool,
    reviewer: str | None,
    note: str | None,
    experiment: str | None,
    source: str | None,
    agree: bool,
    limit: int,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Say of TARGET (a span, a trace, or a case of an experiment) whether it passes in your eyes.

    Without a TARGET, show spans that have a score of this scorer and no label of yours, its passes and fails in turn.
    Several reviewers may label the same span; `i2e calibrate` goes by what most of them say.
    """
    from otel_i2e.workflows.labels import add_label, agreement, import_labels

    settings = load_settings(config=Path(config) if config else None, store=store)
    if agree:
        found = agreement(settings, scorer)
        emit_json(found) if as_json else _print_agreement(found)
    elif source is not None:
        labels = import_labels(settings, Path(source), scorer, reviewer=reviewer)
        emit_json(labels) if as_json else say(f"{len(labels)} labels stored. Next: i2e calibrate {scorer}")
    elif target is None:
        _show_next(settings, scorer, reviewer, limit, as_json=as_json)
    elif passes == fails:
        raise click.UsageError("say what it is: --pass or --fail, and not both")
    else:
        label = add_label(settings, target, scorer, passed=passes, reviewer=reviewer, note=note, experiment=experiment)
        said = f"{label.span_id}: {'pass' if label.passed else 'fail'}, by {label.reviewer}"
        emit_json(label) if as_json else say(safe(said))


def _show_next(settings: Settings, scorer: str, reviewer: str | None, limit: int, *, as_json: bool) -> None:
    from otel_i2e.workflows.labels import next_to_label

    spans = next_to_label(settings, scorer, reviewer=reviewer, limit=limit)
    if as_json:
        emit_json(spans)
        return
    if not spans:
        say(f"Nothing left to label: every span with a score of {scorer} has a label of yours. i2e calibrate {scorer}")
        return
    for span in spans:
        asked = f"  {safe(span['scorer'])}" if span["scorer"] != scorer else ""
        say(f"{span['span_id']}{asked}\n  input:  {safe(span['input_text'])}\n  output: {safe(span['output_text'])}")
    name = shlex.quote(spans[0]["scorer"])
    say(f"Next: i2e label {spans[0]['span_id']} --scorer {safe(name)} --pass, or --fail")


def _kappa(value: float | None) -> str:
    return "nothing to go by" if value is None else f"{value:.3f}"


def _print_agreement(found: Agreement) -> None:
    table(("reviewer", "labelled spans"), list(found.reviewers.items()))
    say(f"{found.spans} spans labelled, {found.reviewed_twice} by two or more, {len(found.disputed)} disputed")
    for pair in found.cohen:
        one, other = pair.reviewers
        say(safe(f"Cohen's kappa of {one} and {other}: {_kappa(pair.kappa)} ({pair.spans} spans)"))
    if found.fleiss is not None:
        of = f"{found.fleiss_spans} spans with {found.fleiss_reviewers} reviewers"
        say(f"Fleiss' kappa: {_kappa(found.fleiss)} ({of})")
    say(f"Krippendorff's alpha: {_kappa(found.krippendorff)}")
    if found.disputed:
        say(f"Disputed: {', '.join(found.disputed[:5])}{' …' if len(found.disputed) > 5 else ''}")
