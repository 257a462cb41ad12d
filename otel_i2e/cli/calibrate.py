"""`i2e calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import emit_json, json_option, say, store_options, table
from otel_i2e.config import Settings, load_settings

if TYPE_CHECKING:
    from otel_i2e.models import Calibration, Rate

__all__ = ["command"]


@click.command("calibrate")
@click.argument("judge")
@click.option("--check", is_flag=True, help="Ask the frozen labels again; suspend the judge if it got worse.")
@click.option(
    "--repeat", "repeats", type=click.IntRange(1, 20), default=3, show_default=True, help="Verdicts on the same span."
)
@click.option("--no-cache", is_flag=True, help="Ask even what has been asked before.")
@click.option("--write", is_flag=True, help="Put the threshold that was chosen into the judge's prompt file.")
@click.option("--record", is_flag=True, help="Keep in standings.jsonl whether it may block: CI goes by that.")
@store_options
@json_option
def command(
    *,
    judge: str,
    check: bool,
    repeats: int,
    no_cache: bool,
    write: bool,
    record: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int:
    """Hold a JUDGE against what people said (`i2e label`), and record whether it may block a release.

    One half of the labels chooses the threshold, the other measures at it: what is reported comes from there. A judge
    with another threshold of its own does not block; --write puts the chosen one into its prompt file. The result
    belongs to this identity of the judge; one without a valid calibration reports and does not block. Exit code 0 when
    it may block, 1 when not, 2 when that could not be measured.
    """
    from otel_i2e.workflows.calibration import calibrate
    from otel_i2e.workflows.drift_check import check_drift

    if check and write:
        raise click.UsageError("--check chooses no threshold, so there is nothing to --write; leave one of them out")
    settings = load_settings(config=Path(config) if config else None, store=store)
    if check:
        drift = check_drift(settings, judge)
        _record(settings, judge, asked=record)
        if as_json:
            emit_json(drift)
        else:
            changed = "" if drift.before == drift.now else f" (calibrated was {drift.before})"
            say(f"{judge} {drift.now}{changed}: {drift.reason}")
            say("It may block." if drift.may_block else f"It may not block. Next: i2e calibrate {judge}")
        return 0 if drift.may_block else 1
    found = calibrate(settings, judge, repeats=repeats, cache=not no_cache, write=write)
    _record(settings, judge, asked=record)
    if as_json:
        emit_json(found)
    else:
        _print(found)
    return 1 if found.problems else 0


def _record(settings: Settings, judge: str, *, asked: bool) -> None:
    if asked:
        from otel_i2e.workflows.standing_file import record_standing

        record_standing(settings, judge)


def _print(found: Calibration) -> None:
    held_out = found.true_pass + found.false_pass + found.false_fail + found.true_fail
    say(f"{found.scorer} {found.scorer_version}, {found.model or 'several models'}: {len(found.items)} labels")
    say(f"{held_out} held out, {found.disputed} disputed, {found.errors} without a verdict")
    table(
        ("held out", "judge passes", "judge fails"),
        [("people pass", found.true_pass, found.false_fail), ("people fail", found.false_pass, found.true_fail)],
    )
    say(f"kappa {'–' if found.kappa is None else f'{found.kappa:.3f}'}, TPR {_of(found.tpr)}, TNR {_of(found.tnr)}")
    if found.drawn_rate is not None:
        say(f"labels weigh what their verdicts stand for: {_of(found.drawn_rate)} passes of what they were drawn of")
    say(f"measured at threshold {found.best_threshold:g}, chosen on the labels that are not held out")
    say(f"same verdict: choices swapped {_of(found.swap_consistency)}, repeated {_of(found.repeat_consistency)}")
    if found.judged:
        pass_rate = _of(found.judged_rate)
        raw = f"{found.judged_pass} of {found.judged} production scores pass, weighted {pass_rate}"
        corrected = f"corrected {_of(found.corrected)}, prediction-powered {_of(found.prediction_powered)}"
        say(f"{raw}; {corrected if found.corrected else 'not corrected: the judge is not informative'}")
    say(f"It may not block: {'; '.join(found.problems)}" if found.problems else "It may block.")


def _of(rate: Rate | None) -> str:
    return "–" if rate is None else f"{rate.rate:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
