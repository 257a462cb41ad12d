"""Experiments: one evaluation of one dataset by one version of the application."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.case import Case
from otel_i2e.models.score import Attempt

__all__ = ["CaseRun", "Experiment"]


class CaseRun(Contract):
    """One repeat of one case: what the task did, and every attempt to score it."""

    case_id: str
    """The case."""
    repeat: int
    """From 0."""
    status: Literal["ok", "task_error", "no_span"]
    """`no_span`: the task ran but its span never reached the store, so nothing could be scored."""
    error: str | None = None
    """The task's error, one line."""
    trace_id: str | None = None
    """The trace of the run."""
    span_id: str | None = None
    """Its root span, which was scored."""
    output: str | None = None
    """The output text."""
    duration_ms: float | None = None
    """Of the root span, also of a run that broke."""
    cost_usd: float | None = None
    """Of its model calls, 0 when an answer came without one; None when unknown."""
    attempts: tuple[Attempt, ...] = ()
    """In order of the scorers."""


class Experiment(Contract):
    """Everything that the gate decides on, recorded once."""

    experiment_id: str
    """Sortable by time: `exp-20261120-143015-a1b2c3`."""
    dataset: str
    """The dataset's name."""
    dataset_hash: str
    """12 hex digits of SHA-256 over the cases."""
    task: str
    """`module:function`."""
    repeats: int
    """Runs per case."""
    commit: str | None = None
    """Git commit of the working directory, `-dirty` appended unless it is known that there is nothing else, new files
    included; None outside git."""
    created_at: datetime
    """UTC."""
    cases: tuple[Case, ...]
    """As they were evaluated."""
    runs: tuple[CaseRun, ...] = ()
    """Every repeat of every case."""
    metadata: Json = Field(default_factory=dict[str, Any])
    """Anything else, such as the versions used."""
