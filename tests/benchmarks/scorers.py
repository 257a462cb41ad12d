"""What scorers in code cost: many spans by five checks, and the same checks by pydantic-evals.

    python tests/benchmarks/scorers.py [--spans 10000 100000] [--rounds 3]

Ours: `attempt_all` and `store_attempts`, as a backfill and online scoring call them, on a thousand spans at a time that
are in memory. Given are the checks by themselves, the run around them (together they are the scoring: attempts with
explanations and versions), and apart from it the rows and their store. The peer: `Dataset.evaluate` with the same five
checks, its progress bar off, a task that returns the answer; it stores nothing. Its cases get dearer with their number,
so it is asked for as many as a backfill takes, and for those at which it is at its best. Last a plain function of a
project, in a thread with a time limit. All in CPU time of this process, the best round of each; the rounds take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple

from otel_i2e.models import Attempt, JudgeSettings, Outcome, Subject
from otel_i2e.score import BUILT_IN, Scorer, scorer
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, temporary_store
from otel_i2e.workflows.attempt_rows import store_attempts
from otel_i2e.workflows.attempts import Asker, Job, attempt_all
from otel_i2e.workflows.garbage import collect_rarely

ANSWER = '{"answer": "Laptops may be returned within 30 days of delivery.", "number": %d}'
CHECKS: dict[str, Any] = {
    "contains": "30 days",
    "not_contains": "120 days",
    "regex": r"\d+ days",
    "length": 100,
    "required_fields": ["answer", "number"],
}
POOL = 5000
AT_ONCE = 1000
PEER = (200, 1000)
"""Cases in a dataset; with 200 a case is the cheapest."""


class Cost(NamedTuple):
    """CPU seconds of scoring spans."""

    checks: float = 0.0
    scoring: float = 0.0
    store: float = 0.0


def main() -> None:
    """Measure and print."""
    collect_rarely()  # as `i2e score` and the ingester; the peer gains by it, too
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ours: dict[int, list[Cost]] = {spans: [] for spans in asked.spans}
    peers: dict[int, list[float]] = {cases: [] for cases in PEER}
    for _ in range(asked.rounds):
        for cases, seconds in peers.items():
            seconds.append(_peer(cases))
        for spans, costs in ours.items():
            costs.append(_ours(spans))
    best = {cases: min(seconds) for cases, seconds in peers.items()}
    for cases, seconds in best.items():
        print(f"pydantic-evals {version('pydantic-evals')}, {cases} cases: {_rate(seconds)}")
    for spans, costs in ours.items():
        _print(spans, costs, best)
    print(f"a plain function of the project, in a thread with a time limit: {min(_plain() for _ in range(3)):.1f} µs")


def _print(spans: int, costs: Sequence[Cost], peers: dict[int, float]) -> None:
    checks, scoring, store = (min(column) / spans for column in zip(*costs, strict=True))
    print(f"otel-i2e, {spans} spans by {len(CHECKS)} checks: {_rate(scoring)}")
    print(f"  of it the checks {checks * 1e6:.1f} µs, the run {(scoring - checks) * 1e6:.1f} µs")
    print(f"  rows and store, apart from it: {store * 1e6:.0f} µs a span")
    for cases, seconds in peers.items():
        print(f"  {seconds / scoring:.1f} times as many as the peer with {cases} cases")


def _rate(seconds: float) -> str:
    return f"{1 / seconds:,.0f} a second, {seconds * 1e6:.1f} µs each"


def _ours(spans: int) -> Cost:
    subjects = [Subject(span=llm_span("Can I return it?", ANSWER % n)) for n in range(min(spans, POOL))]
    scorers = [BUILT_IN[name](argument) for name, argument in CHECKS.items()]
    cost = Cost()
    with temporary_store() as store:
        for first in range(0, spans, AT_ONCE):
            some = [subjects[n % len(subjects)] for n in range(first, min(first + AT_ONCE, spans))]
            cost = Cost(*map(sum, zip(cost, _scored(some, scorers, store, first), strict=True)))
    return cost


def _scored(subjects: Sequence[Subject], scorers: Sequence[Scorer], store: Store, number: int) -> Cost:
    began = time.process_time()
    for subject in subjects:
        for one in scorers:
            one.ask(subject, None)
    checked = time.process_time()
    made: list[tuple[Job, Attempt]] = []
    asker = Asker("backfill", rule=f"rule {number}")  # a rule of its own: its scores are not there yet
    jobs = [Job(one, subject, asker) for subject in subjects for one in scorers]
    asyncio.run(attempt_all(jobs, JudgeSettings(), lambda job, attempt: made.append((job, attempt))))
    scored = time.process_time()
    assert all(attempt.outcome is Outcome.SCORED and attempt.passed for _, attempt in made)
    assert len(made) == len(jobs)
    stored_from = time.process_time()
    store_attempts(store, made)
    return Cost(checked - began, scored - checked, time.process_time() - stored_from)


def _plain(calls: int = 20_000) -> float:
    """Microseconds of CPU a call."""
    subjects = [Subject(span=llm_span("Can I return it?", ANSWER % n)) for n in range(AT_ONCE)]
    began = time.process_time()
    for _ in range(0, calls, AT_ONCE):
        ended: list[Outcome] = []
        jobs = [Job(plain, subject, Asker("backfill")) for subject in subjects]
        asyncio.run(attempt_all(jobs, JudgeSettings(), lambda _job, attempt, to=ended: to.append(attempt.outcome)))
        assert ended == [Outcome.SCORED] * AT_ONCE
    return (time.process_time() - began) / calls * 1e6


@scorer
def plain(output: str) -> bool:
    """As a project writes one."""
    return "30 days" in output


def _peer(cases: int) -> float:
    """CPU seconds a case, of datasets of so many."""
    from pydantic_evals import Case, Dataset

    checks, datasets, seconds = list(_checks_of_the_peer()), 2000 // cases, 0.0
    for _ in range(datasets):
        dataset: Any = Dataset(
            name="same", cases=[Case(name=str(n), inputs=ANSWER % n) for n in range(cases)], evaluators=checks
        )
        began = time.process_time()
        asyncio.run(dataset.evaluate(_answer, progress=False))
        seconds += time.process_time() - began
    return seconds / cases / datasets


async def _answer(answer: str) -> str:
    return answer


def _checks_of_the_peer() -> Iterator[Any]:
    from pydantic_evals.evaluators import Contains, Evaluator

    @dataclass
    class NotContains(Evaluator):
        text: str

        def evaluate(self, ctx: Any) -> bool:
            return self.text not in ctx.output

    @dataclass
    class Matches(Evaluator):
        pattern: str

        def evaluate(self, ctx: Any) -> bool:
            return re.search(self.pattern, ctx.output) is not None

    @dataclass
    class Length(Evaluator):
        words: int

        def evaluate(self, ctx: Any) -> bool:
            return len(ctx.output.split()) <= self.words

    @dataclass
    class Fields(Evaluator):
        names: list[str]

        def evaluate(self, ctx: Any) -> bool:
            return set(self.names) <= set(json.loads(ctx.output))

    yield Contains(value="30 days", case_sensitive=False)
    yield NotContains("120 days")
    yield Matches(r"\d+ days")
    yield Length(100)
    yield Fields(["answer", "number"])


if __name__ == "__main__":
    main()
