"""What was true, what each emitter sent, what otel-i2e heard of it.

python tests/emitters/compare.py                    the table
python tests/emitters/compare.py --missed           every value that was sent and not heard
python tests/emitters/compare.py --lost [NAME…]     fields that the emitter loses, with the scenarios
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from around_fields import around
from evidence import Sent
from fields import CALL_FIELDS
from fixtures import Scenario, about, elsewhere, emitters, scenarios
from reading import Reading, read
from truth import Call, calls_of

__all__ = ["Judged", "Sums", "judge", "missing_fields", "sums"]


class Judged(NamedTuple):
    """One value of one field of one call."""

    emitter: str
    scenario: str
    field: str
    outcome: str
    """`heard`; `near`: on a wrapper's row, where the emitter put it; `missed`; `lost`: the emitter did not send it."""
    value: str


class Sums(NamedTuple):
    """Rows and tokens of one scenario against the wire."""

    emitter: str
    scenario: str
    calls: int
    rows: int
    true_tokens: tuple[int, int]
    """Input and output; what we counted, where the emitter did not send every call's count."""
    tokens: tuple[int, int]
    exported: bool
    """Whether the emitter sent a span at all."""


def judge(emitter: str) -> Iterator[Judged]:
    """Every value of every scenario of an emitter."""
    for scenario in scenarios(emitter):
        sent, calls, reading = Sent.of(scenario), calls_of(scenario.wire), read(scenario)
        own = [_row_of(call, number, calls, reading) for number, call in enumerate(calls)]
        for number, call in enumerate(calls):
            foreign = _spans_of_others(number, sent, calls, own)
            yield from _judge_call(scenario, sent.without(foreign), call, own[number], reading)
        for told in around(scenario.name, sent, calls, reading):
            yield Judged(emitter, scenario.name, told.field, told.outcome, told.field)


def _spans_of_others(number: int, sent: Sent, calls: list[Call], own: list[dict[str, Any] | None]) -> set[str]:
    """Spans that tell of another call alone: they carry its response id or output tokens, or became its row."""
    mine, others = _marks(calls[number]), {mark for call in calls for mark in _marks(call)} - _marks(calls[number])
    carrying = {one.id for one in sent.spans if others & _plain(one.values) and not mine & _plain(one.values)}
    kept = own[number]
    rows = {row["span_id"] for row in own if row is not None and row is not kept}
    return carrying | rows


def _marks(call: Call) -> set[Any]:
    return {call.response_id, call.usage.get("output")} - {None}


def _plain(values: list[Any]) -> set[Any]:
    return {value for value in values if isinstance(value, str | int)}


def _judge_call(
    scenario: Scenario, scope: Sent, call: Call, row: dict[str, Any] | None, reading: Reading
) -> Iterator[Judged]:
    for field in CALL_FIELDS:
        for value in field.true(call):
            given = call.usage if field.name == "input_tokens" else value
            if not field.sent(scope, given):
                outcome = "lost"
            elif row is not None and field.heard(row, value, scope):
                outcome = "heard"
            elif any(other["kind"] != "llm" and field.heard(other, value, scope) for other in reading.rows):
                outcome = "near"
            else:
                outcome = "missed"
            yield Judged(scenario.emitter, scenario.name, field.name, outcome, str(value)[:90])


def _row_of(call: Call, number: int, calls: list[Call], reading: Reading) -> dict[str, Any] | None:
    """The row of a call: by response id, by output tokens, by place."""
    rows = reading.calls
    for column, value in (("response_id", call.response_id), ("output_tokens", call.usage.get("output"))):
        known = [row for row in rows if value and row[column] == value]
        if known:
            return known[0]
    if len(rows) == len(calls):
        return rows[number]
    return rows[number] if number < len(rows) else None


def sums(emitter: str) -> Iterator[Sums]:
    """Rows and token sums of every scenario."""
    for scenario in scenarios(emitter):
        sent, calls, reading = Sent.of(scenario), calls_of(scenario.wire), read(scenario)
        counted = [call for call in calls if call.usage]
        inputs = [call.usage["input"] for call in counted if _counted(sent, call)]
        outputs = [call.usage["output"] for call in counted if sent.has(call.usage["output"])]
        got = [sum(row[name] or 0 for row in reading.calls) for name in ("input_tokens", "output_tokens")]
        true = [sum(told) if len(told) == len(counted) else got[place] for place, told in enumerate((inputs, outputs))]
        yield Sums(
            emitter,
            scenario.name,
            len(calls),
            len(reading.calls),
            (true[0], true[1]),
            (got[0], got[1]),
            bool(sent.spans),
        )


def _counted(sent: Sent, call: Call) -> bool:
    return next(field for field in CALL_FIELDS if field.name == "input_tokens").sent(sent, call.usage)


def missing_fields(emitter: str) -> set[str]:
    """Fields of which a sent value is not heard; `calls` and `tokens` when rows or sums differ from the wire.

    A value on the row of another span is heard only where the table of emitters says that they put it there.
    """
    judged = list(judge(emitter))
    near = {one.field for one in judged if one.outcome == "near"} - elsewhere(emitter)
    missing = {one.field for one in judged if one.outcome == "missed"} | near
    told = [one for one in sums(emitter) if one.exported]
    missing |= {"calls"} if any(one.calls != one.rows for one in told) else set()
    return missing | ({"tokens"} if any(one.true_tokens != one.tokens for one in told) else set())


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="emitters; default all")
    parser.add_argument("--missed", action="store_true", help="every value that was sent and not heard")
    parser.add_argument("--lost", action="store_true", help="what emitters do not send")
    given = parser.parse_args()
    names: list[str] = given.names or emitters()
    judged = [one for name in names for one in judge(name)]
    if given.missed:
        _print_values(one for one in judged if one.outcome in ("missed", "near"))
    elif given.lost:
        _print_lost(judged)
    else:
        _print_table(names, judged)
    return 0


def _print_values(values: Iterable[Judged]) -> None:
    for (emitter, field, outcome), found in _grouped(values):
        places = ",".join(sorted({one.scenario for one in found}))
        print(f"{emitter:32} {field:20} {outcome:7} {len(found):3}  {places}  {found[0].value!r}")


def _grouped(values: Iterable[Judged]) -> list[tuple[tuple[str, str, str], list[Judged]]]:
    groups: defaultdict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for one in values:
        groups[one.emitter, one.field, one.outcome].append(one)
    return list(groups.items())


def _print_lost(judged: list[Judged]) -> None:
    for (emitter, field, _), found in _grouped(one for one in judged if one.outcome == "lost"):
        total = sum(one.emitter == emitter and one.field == field for one in judged)
        places = "everywhere" if len(found) == total else ",".join(sorted({one.scenario for one in found}))
        print(f"{emitter:32} {field:20} {len(found):3} of {total:3}  {places}")


def _print_table(names: list[str], judged: list[Judged]) -> None:
    columns = f"{'true':>5} {'sent':>5} {'heard':>6} {'near':>5}  {'heard of sent':>13}  calls  tokens"
    print(f"{'emitter':32} {'dialect':15} {columns}")
    by_dialect: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        counts = Counter(one.outcome for one in judged if one.emitter == name)
        dialect = about(name)["dialect"]
        by_dialect[dialect] += counts
        told = [one for one in sums(name) if one.exported]
        calls = sum(one.calls == one.rows for one in told)
        tokens = sum(one.true_tokens == one.tokens for one in told)
        print(f"{name:32} {dialect:15} {_shares(counts)}  {calls}/{len(told)}  {tokens}/{len(told)}")
    print()
    for dialect, counts in sorted(by_dialect.items()):
        print(f"{dialect:48} {_shares(counts)}")
    print(f"{'all':48} {_shares(sum(by_dialect.values(), Counter[str]()))}")


def _shares(counts: Counter[str]) -> str:
    sent = counts["heard"] + counts["near"] + counts["missed"]
    share = 100 * counts["heard"] / sent if sent else 100.0
    return f"{sent + counts['lost']:5} {sent:5} {counts['heard']:6} {counts['near']:5} {share:12.1f} %"


if __name__ == "__main__":
    sys.exit(main())
