"""What scorers in code cost: many spans by five checks, and the same checks by pydantic-evals.

    python tests/benchmarks/scorers.py [--spans 100000] [--peer 2000]

Ours: `attempt_all`, as online scoring runs it, on subjects in memory: attempts with explanations and versions, nothing
stored. The peer: `Dataset.evaluate` over `--peer` cases with the same five checks, its
progress bar off, a task that returns the answer. Both are given in spans a second of CPU time, the best of three.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from otel_i2e.models import JudgeSettings, Outcome, Subject
from otel_i2e.score import BUILT_IN, scorer
from otel_i2e.testing import llm_span
from otel_i2e.workflows.attempts import Asker, Job, attempt_all

ANSWER = '{"answer": "Laptops may be returned within 30 days of delivery.", "number": %d}'
CHECKS: dict[str, Any] = {
    "contains": "30 days",
    "not_contains": "120 days",
    "regex": r"\d+ days",
    "length": 100,
    "required_fields": ["answer", "number"],
}
POOL = 5000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--peer", type=int, default=2000)
    asked = parser.parse_args()
    ours = max(_ours(asked.spans) for _ in range(3))
    print(f"otel-i2e: {asked.spans} spans by {len(CHECKS)} checks: {ours:,.0f} spans/s, {1e6 / ours:.0f} µs a span")
    peer = max(_peer(asked.peer) for _ in range(3))
    print(f"pydantic-evals: {asked.peer} cases by the same: {peer:,.0f} cases/s, {1e6 / peer:.0f} µs a case")
    print(f"{ours / peer:.1f} times as many as pydantic-evals {version('pydantic-evals')}")
    guarded = max(_guarded(asked.spans // 10) for _ in range(3))
    print(f"a plain function of the project, in a thread with a time limit: {1e6 / guarded:.0f} µs a call")


def _ours(spans: int) -> float:
    subjects = [Subject(span=llm_span("Can I return it?", ANSWER % n)) for n in range(min(spans, POOL))]
    scorers = [BUILT_IN[name](argument) for name, argument in CHECKS.items()]
    jobs = (Job(scorer, subjects[n % len(subjects)], Asker("backfill")) for n in range(spans) for scorer in scorers)
    passed = 0

    def count(_job: Job, attempt: Any) -> None:
        nonlocal passed
        assert attempt.outcome is Outcome.SCORED
        passed += attempt.passed

    rate = _rate(spans, lambda: asyncio.run(attempt_all(jobs, JudgeSettings(), count)))
    assert passed == spans * len(scorers)
    return rate


def _guarded(spans: int) -> float:
    subjects = [Subject(span=llm_span("Can I return it?", ANSWER % n)) for n in range(min(spans, POOL))]
    jobs = (Job(plain, subjects[n % len(subjects)], Asker("backfill")) for n in range(spans))
    ended: list[Outcome] = []
    work = attempt_all(jobs, JudgeSettings(), lambda _job, attempt: ended.append(attempt.outcome))
    rate = _rate(spans, lambda: asyncio.run(work))
    assert ended == [Outcome.SCORED] * spans
    return rate


@scorer
def plain(output: str) -> bool:
    """As a project writes one."""
    return "30 days" in output


def _peer(cases: int) -> float:
    from pydantic_evals import Case, Dataset
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

    checks = [
        Contains(value="30 days", case_sensitive=False),
        NotContains("120 days"),
        Matches(r"\d+ days"),
        Length(100),
        Fields(["answer", "number"]),
    ]
    dataset: Any = Dataset(
        name="same", cases=[Case(name=str(n), inputs=ANSWER % n) for n in range(cases)], evaluators=checks
    )

    async def task(answer: str) -> str:
        return answer

    return _rate(cases, lambda: asyncio.run(dataset.evaluate(task, progress=False)))


def _rate(n: int, work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return n / (time.process_time() - began)


if __name__ == "__main__":
    main()
