"""`i2e compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.output import emit_json, json_option, prose, safe, say, store_options, table
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.workflows.comparing import Compared, ComparedCase, Side

__all__ = ["command"]

_COLUMNS = ("case", "A", "B", "change", "scores", "spans A", "spans B")
_DROP = ("spans A", "spans B", "scores")
_ROOM = {"case": 24, "scores": 24}
_SAME = ("still_passing", "still_failing")


@click.command("compare")
@click.argument("a")
@click.argument("b")
@click.option("--changed", is_flag=True, help="Only cases that are not as they were.")
@click.option("--case", "case_id", metavar="ID", help="This case in full: every answer and span of both.")
@click.option("--policy", metavar="FILE", help="Policy file; default the setting `policy`, or the built-in one.")
@store_options
@json_option
def command(
    *,
    a: str,
    b: str,
    changed: bool,
    case_id: str | None,
    policy: str | None,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> int:
    """Experiments A and B side by side, case by case, with the spans behind each. Nothing is recorded.

    `latest` is the last complete experiment on the other's dataset; for A, the last before B.
    """
    from otel_i2e.workflows.comparing import compare_experiments
    from otel_i2e.workflows.policy_file import read_policy

    settings = load_settings(config=Path(config) if config else None, store=store)
    found = compare_experiments(settings, a, b, read_policy(policy or settings.policy))
    cases = [one for one in found.cases if case_id in (None, one.case_id) and not (changed and one.change in _SAME)]
    if as_json:
        emit_json(found.model_copy(update={"cases": tuple(cases)}))
        return 0
    if case_id is not None and not cases:
        raise click.UsageError(f"neither {found.a} nor {found.b} has a case {case_id!r}")
    if case_id is not None:
        _in_full(cases[0])
        return 0
    if sys.stdout.isatty():
        prose(f"A is {found.a}, B is {found.b}")
    table(_COLUMNS, [_row(one) for one in cases], drop=_DROP, whole=("A", "B", "change"), room=_ROOM)
    _summary(found)
    if cases and sys.stdout.isatty():
        say(f"Every answer and span of a case: i2e compare {found.a} {found.b} --case ID")
    return 0


def _row(one: ComparedCase) -> tuple[str, ...]:
    return (
        one.case_id,
        _verdict(one.a),
        _verdict(one.b),
        "gone" if one.b is None else one.change.replace("_", " "),
        _scores(one),
        _spans(one.a),
        _spans(one.b),
    )


def _verdict(side: Side | None) -> str:
    if side is None:
        return ""
    count = f"{side.measured} by several models" if side.several_models else f"{side.passed}/{side.measured}"
    return f"{side.verdict.replace('_', ' ')} {count}"


def _scores(one: ComparedCase) -> str:
    """`cites 0.8 → 0.2`, for the scorers whose mean is not the same."""
    a, b = (side.scores if side is not None else {} for side in (one.a, one.b))
    names = [name for name in {**a, **b} if a.get(name) != b.get(name)]
    return "; ".join(f"{name} {_number(a.get(name))} → {_number(b.get(name))}" for name in names)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _spans(side: Side | None) -> str:
    """All of them, `trace/span`; on a terminal the first trace, which `i2e trace` takes, and how many more."""
    spans = side.spans if side is not None else ()
    if sys.stdout.isatty():
        traces = [trace[:12] for trace, _ in spans if trace]
        return f"{traces[0]} +{len(traces) - 1}" if len(traces) > 1 else "".join(traces)
    return " ".join(f"{trace[:12]}/{span}" for trace, span in spans if trace and span)


def _in_full(one: ComparedCase) -> None:
    for name, side in (("A", one.a), ("B", one.b)):
        say(f"{name}: {_verdict(side) or 'not there'}")
        for output, (trace, span) in zip(side.outputs, side.spans, strict=True) if side is not None else ():
            say(f"  trace {trace} span {span}")
            say(f"    {safe(output) if output is not None else '(no output)'}")
    if scores := _scores(one):
        say(f"scores: {safe(scores)}")


def _summary(found: Compared) -> None:
    test = found.comparison
    if found.note:
        prose(found.note)
    if test is None:
        prose(f"No case of {found.b} can be compared with {found.a}.")
        return
    word = "significant" if test.significant else "not significant"
    moved = (
        f"dropped by {test.drop:.1%}" if test.drop > 0 else f"rose by {-test.drop:.1%}" if test.drop else "is the same"
    )
    prose(
        f"Of {test.pairs} cases in both {test.broke} broke, {test.fixed} were fixed; the pass rate {moved} "
        f"(a drop is {word}, p = {test.p_value:.2g})"
    )
    prose(found.sensitivity)
