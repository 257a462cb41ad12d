"""Scores: what a scorer says, how an attempt ended, and the rows that are stored of both."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from otel_i2e.models._contract import Contract, Json

__all__ = ["Attempt", "LedgerRow", "Outcome", "Score", "ScoreRow"]


def _nothing() -> Json:
    return {}  # made for every score: `dict[str, Any]` as a factory takes a third of a score's time


class Score(Contract):
    """What a scorer returns about one subject. At least one of `value` and `label` is set."""

    value: float | None = None
    """A number, by custom from 0 (bad) to 1 (good)."""
    label: str | None = None
    """A category, such as `hallucination`."""
    explanation: str | None = None
    """Why, in words."""
    metadata: Json = Field(default_factory=_nothing)
    """Whatever helps a reader."""


class Outcome(StrEnum):
    """How an attempt to score ended. Only `scored` carries a Score; none of the others is a zero or a pass."""

    SCORED = "scored"
    NOT_APPLICABLE = "not_applicable"
    """The scorer says nothing about this subject."""
    SAMPLED_OUT = "sampled_out"
    """The rule's sample rate left this trace out."""
    ERROR = "error"
    """The scorer or its judge broke."""
    OVER_BUDGET = "over_budget"
    """The rule's daily budget was spent."""
    LEFT_OUT = "left_out"
    """It asks a judge, and the evaluation was made without one."""
    NO_CONTENT = "no_content"
    """The scorer needs content and the span has none."""


class Attempt(Contract):
    """One scorer tried on one subject: the same value online, in a backfill and offline."""

    scorer: str
    """The scorer's name."""
    scorer_version: str
    """Hash of its code or prompt, parameters and model."""
    judge: str | None = None
    """Name of the judge prompt that was asked, of a scorer that asks one."""
    judge_version: str | None = None
    """Its identity without a criterion: what calibration speaks of."""
    outcome: Outcome
    """How it ended."""
    score: Score | None = None
    """Set when, and only when, `outcome` is `scored`."""
    passed: bool | None = None
    """Whether the score reached the threshold; None when the scorer has none or did not score."""
    threshold: float | None = None
    """The value at or above which a score passes."""
    error: str | None = None
    """One line, when `outcome` is `error` or `no_content`."""
    is_passing: bool = False
    """Of an error: whether the reason may pass, such as a judge that was overloaded."""
    model: str | None = None
    """The judge model as returned, for a judge."""
    cost_usd: float | None = None
    """What the attempt cost, for a judge."""
    duration_ms: float | None = None
    """Time the scorer took."""


class ScoreRow(Contract):
    """A row of the table `scores`."""

    score_id: str
    """Unique; derived, so that the same score stored twice is one row."""
    trace_id: str
    """The trace that was scored."""
    span_id: str | None = None
    """The span; None for a score of the whole trace, such as user feedback."""
    name: str
    """The scorer's name."""
    value: float | None = None
    """The number."""
    label: str | None = None
    """The category."""
    explanation: str | None = None
    """Why."""
    passed: bool | None = None
    """Whether it reached the threshold; None when there is none."""
    threshold: float | None = None
    """The threshold that was used."""
    scorer_version: str | None = None
    """Identity of the scorer; scores of two identities are never averaged."""
    source: str
    """`online`, `backfill`, `offline`, `user` (feedback), `human` (label) or `external` (sent by others)."""
    rule: str | None = None
    """The online rule that asked."""
    experiment_id: str | None = None
    """The experiment that asked."""
    case_id: str | None = None
    """The case, in an experiment."""
    repeat: int | None = None
    """The repeat, in an experiment."""
    model: str | None = None
    """The judge model as returned."""
    cost_usd: float | None = None
    """What the score cost."""
    metadata: Json = Field(default_factory=_nothing)
    """Whatever helps a reader."""
    created_at: datetime
    """UTC."""
    weight: float = 1.0
    """Spans that it stands for in a rate: more than one where a sample drew it, 0 where others stand for its span."""


class LedgerRow(NamedTuple):
    """A row of the table `score_ledger`: one per span × rule × scorer that was considered, whatever came of it.

    A plain tuple: it is made of our own values only, once for every attempt.
    """

    trace_id: str
    """The trace."""
    span_id: str
    """The span."""
    scorer: str
    """The scorer's name."""
    scorer_version: str
    """Its identity."""
    outcome: Outcome
    """How it ended."""
    source: str
    """`online`, `backfill` or `offline`."""
    created_at: datetime
    """UTC."""
    rule: str | None = None
    """The online rule; None in a backfill or an experiment."""
    reason: str | None = None
    """One line: the error, the missing content, the budget."""
    experiment_id: str | None = None
    """The experiment that asked."""
    cost_usd: float | None = None
    """What the attempt cost, for a judge, scored or not: daily budgets are counted from it."""
    weight: float | None = None
    """As in the score, whatever came of the attempt; None when it was sampled out."""
    stratum: str | None = None
    """What kept the span in the sample, of the rule's `keep`; None when the draw did."""
    trace_spans: int | None = None
    """Spans of the trace that the scorer could see; None when it looks at its span alone."""
    shadow: bool = False
    """Whether the rule was in shadow: its scores are in `shadow_scores`."""
    attempt: int = 1
    """Which attempt of the rule and scorer on this span, from 1."""
    retry_at: datetime | None = None
    """When it is made again, UTC, of an error that may pass; None when this attempt settled it."""
