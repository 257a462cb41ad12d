"""One case, run and scored by itself: what a test does. The same recording, subjects and scorers as an evaluation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from opentelemetry import trace

from otel_i2e.config import Settings
from otel_i2e.errors import UsageError
from otel_i2e.models import Case, CaseRun
from otel_i2e.semconv import I2E_SCOPE
from otel_i2e.store import Store
from otel_i2e.workflows.case_runs import Planned, Ran, run_cases
from otel_i2e.workflows.evaluation import memory_of
from otel_i2e.workflows.experiment_scoring import score_runs
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.recording import recording
from otel_i2e.workflows.scorers import applicable_scorers, judge_settings, load_all, named
from otel_i2e.workflows.tasks import task_of
from otel_i2e.workflows.whole_traces import unfinished_traces

__all__ = ["OneCase", "run_one"]

_FLUSH_SECONDS: Final = 30.0
_DRAIN_SECONDS: Final = 60.0


class OneCase(NamedTuple):
    """What came of it."""

    run: CaseRun
    """The run with its scores."""
    replayed: str | None
    """When the verdicts were recorded that judges did not give anew, one line; None when none was replayed."""


def run_one(
    settings: Settings,
    case: Case,
    function: Callable[..., Any],
    *,
    experiment_id: str,
    repeat: int = 0,
    timeout: float = 120.0,
    scorers: Sequence[str] = (),
) -> OneCase:
    """Call `function` with the case's input, recorded, and score the span; `timeout` is in seconds.

    Spans and scores are stored under `experiment_id`; what the task or a scorer does is in the result, not raised.
    Raises UsageError and its kind when the function does not fit the case or a scorer is not there.
    """
    _refuse_running_loop()
    recorder = recording(settings)
    task = task_of(function, f"{function.__module__}:{getattr(function, '__qualname__', 'task')}")
    task.arguments(case)
    loaded = load_all(settings)
    wanted = {one.name: one for one in [*applicable_scorers(case, loaded), *named(scorers, loaded)]}
    ran: list[Ran] = []
    runs = run_cases(
        [Planned(case, repeat)],
        task,
        tracer=trace.get_tracer(I2E_SCOPE),
        experiment_id=experiment_id,
        concurrency=1,
        timeout=timeout,
        on_ran=ran.append,
    )
    asyncio.run(runs)
    by_case = {case.id: list(wanted.values())}
    unfinished = unfinished_traces(recorder, ran, by_case, timeout)
    recorder.flush(_FLUSH_SECONDS)
    drain(settings, _DRAIN_SECONDS)
    memory = memory_of(settings, by_case, None, cache=repeat == 0)
    scored = score_runs(
        settings,
        experiment_id,
        ran,
        by_case,
        judge=judge_settings(settings),
        memory=memory,
        unfinished=unfinished,
        on_scored=lambda: None,
    )
    with Store.of(settings).write() as writer:
        writer.add_scores(scored.scores)
        writer.add_ledger(scored.ledger)
        writer.add_verdicts([*memory.fresh.values()])
    days = sorted({f"{one.recorded_at:%Y-%m-%d}" for one in memory.replayed.values()})
    return OneCase(scored.runs[0], " to ".join(dict.fromkeys((days[0], days[-1]))) if days else None)


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError("i2e.run was called inside a running event loop; call it from a plain `def` test")
