"""Whether a judge has earned the right to block."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from otel_i2e.models._contract import Contract

__all__ = ["JudgeStanding"]


class JudgeStanding(Contract):
    """What calibration says of one judge identity: a row of `judge_standings`; the latest of an identity counts.

    An identity without a row, or whose latest row does not say `may_block`, is a shadow: it reports and cannot block.
    """

    scorer: str = Field(min_length=1)
    """The scorer's name."""
    scorer_version: str
    """The identity that was calibrated; it does not speak for another."""
    model: str | None = None
    """The model as returned when it was calibrated, and it speaks for no other; None when several answered."""
    may_block: bool
    """Whether the calibration is valid and not suspended."""
    reason: str = ""
    """Why, in one line: `TPR 0.95, TNR 0.91 on 80 labels`, `suspended: drift`."""
    created_at: datetime
    """UTC."""
