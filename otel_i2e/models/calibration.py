"""What came of holding a judge against people."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from otel_i2e.models._contract import Contract

__all__ = ["Calibration", "JudgedLabel", "Rate"]


class Rate(Contract):
    """A share with its 95 % interval."""

    rate: float
    """The share, 0 to 1."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end."""


class JudgedLabel(Contract):
    """A span of the frozen set: what people said, and what the judge said."""

    trace_id: str
    """The span's trace."""
    span_id: str
    """The span."""
    scorer: str | None = None
    """The scorer whose question was answered: with a criterion of its case, for a judge that takes one."""
    human: bool
    """What most reviewers said."""
    judge: bool | None
    """What the judge said, at the threshold that was chosen; None when it gave no verdict."""
    value: float | None = None
    """The judge's score; None of what has a threshold of its own, such as a check that is turned round."""
    held_out: bool
    """Whether it belongs to the half that was not looked at for the threshold."""
    drawn: bool | None = None
    """The stored verdict that the span is shown by to who labels; where none is stored, the judge's own one."""
    weight: float = 1.0
    """What it stands for, in its half, against a label of an even draw: labels are drawn by the judge's verdict."""


class Calibration(Contract):
    """One judge identity against one labelled set. `pass` is the positive class."""

    calibration_id: str
    """Sortable by time: `cal-20261120-143015-a1b2c3`."""
    scorer: str
    """The judge's name."""
    scorer_version: str
    """Its identity: the result speaks for no other."""
    model: str | None
    """The model as returned; None when several answered."""
    created_at: datetime
    """UTC."""
    items: tuple[JudgedLabel, ...]
    """The frozen set."""
    disputed: int = 0
    """Labelled spans on which reviewers are evenly split; left out."""
    errors: int = 0
    """Labelled spans without a verdict of the judge."""
    true_pass: int = 0
    """Held out: people pass, the judge passes."""
    false_pass: int = 0
    """Held out: people fail, the judge passes."""
    false_fail: int = 0
    """Held out: people pass, the judge fails."""
    true_fail: int = 0
    """Held out: people fail, the judge fails."""
    drawn_rate: Rate | None = None
    """How much passes of what labels were drawn of (production, or experiments where most labels lie); None when no
    label lies on a span that the judge has scored: then each label counts as one."""
    drawn_draws: float | None = None
    """Independent draws behind that rate."""
    kappa: float | None = None
    """Cohen's kappa on the held-out half, each label with its weight."""
    tpr: Rate | None = None
    """Of what people pass, the share that the judge passes, each label with its weight. The interval is Wilson's where
    each counts as one, else one that puts Wilson's together (`stats.verification`)."""
    tnr: Rate | None = None
    """Of what people fail, the share that the judge fails, likewise."""
    threshold: float | None = None
    """The judge's own threshold: part of its identity."""
    best_threshold: float | None = None
    """The threshold chosen on the other half, at which all of this was measured: the highest Youden's J, TPR + TNR - 1.
    The judge may not block while its own is another one."""
    swap_consistency: Rate | None = None
    """Share of spans whose verdict is the same with the choices in reverse order."""
    repeat_consistency: Rate | None = None
    """Share of spans whose repeated verdicts are all the same."""
    judged: int = 0
    """Stored production scores of this identity, those of labelled spans included."""
    judged_pass: int = 0
    """Those that passed at the threshold that was chosen."""
    judged_rate: Rate | None = None
    """Their pass rate, each weighted by what it stands for in production."""
    corrected: Rate | None = None
    """Their true pass rate by Rogan and Gladen; None when the judge is not informative."""
    prediction_powered: Rate | None = None
    """Their true pass rate by prediction-powered inference; None under the same condition."""
    problems: tuple[str, ...] = Field(default=())
    """Why it may not block; empty when it may."""
