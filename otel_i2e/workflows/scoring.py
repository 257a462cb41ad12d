"""Scoring: online by the rules, in a backfill, and what an evaluation shares with both."""

from __future__ import annotations

from otel_i2e.workflows.attempt_rows import rows_of, store_attempts
from otel_i2e.workflows.attempts import Asker, Job, attempt_all, judge_of
from otel_i2e.workflows.backfill import score_rule, score_where
from otel_i2e.workflows.online import check_rules, score_online
from otel_i2e.workflows.rules import read_rules
from otel_i2e.workflows.scorers import Loaded, case_scorers, judge_settings, load_all, load_scorers, named
from otel_i2e.workflows.scoring_report import OnlineReport, ScorerTally, ScoringReport
from otel_i2e.workflows.subjects import subjects_of

__all__ = [
    "Asker",
    "Job",
    "Loaded",
    "OnlineReport",
    "ScorerTally",
    "ScoringReport",
    "attempt_all",
    "case_scorers",
    "check_rules",
    "judge_of",
    "judge_settings",
    "load_all",
    "load_scorers",
    "named",
    "read_rules",
    "rows_of",
    "score_online",
    "score_rule",
    "score_where",
    "store_attempts",
    "subjects_of",
]
