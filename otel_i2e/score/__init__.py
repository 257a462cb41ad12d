"""Scorers: what they are, how one is run, which are built in. Pure given a Judge."""

from __future__ import annotations

from otel_i2e.score.answer import Answer, NotRecorded, ScorerResult, answer_of, passed
from otel_i2e.score.case import check_scorers
from otel_i2e.score.catalogue import BUILT_IN, standalone
from otel_i2e.score.checks.judge import judge_ref, judge_scorer
from otel_i2e.score.decorator import scorer
from otel_i2e.score.run import begin, run_functions, run_scorer
from otel_i2e.score.sampling import Share, draw, keep
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.time_limit import TURN

__all__ = [
    "BUILT_IN",
    "TURN",
    "Answer",
    "NotRecorded",
    "Scorer",
    "ScorerResult",
    "Share",
    "answer_of",
    "begin",
    "check_scorers",
    "draw",
    "judge_ref",
    "judge_scorer",
    "keep",
    "passed",
    "run_functions",
    "run_scorer",
    "scorer",
    "standalone",
]
