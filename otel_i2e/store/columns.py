"""Columns of every table that is written, with their DuckDB types, in order. A test holds them to the migrations."""

from __future__ import annotations

from typing import Final

from otel_i2e.models import SPAN_COLUMNS

__all__ = ["TABLES"]

_TEXT: Final = "VARCHAR"
_TIME: Final = "TIMESTAMPTZ"

TABLES: Final[dict[str, dict[str, str]]] = {
    "span_rows": {**SPAN_COLUMNS, "packed": "BOOLEAN"},
    "scores": {
        "score_id": _TEXT,
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "name": _TEXT,
        "value": "DOUBLE",
        "label": _TEXT,
        "explanation": _TEXT,
        "passed": "BOOLEAN",
        "threshold": "DOUBLE",
        "scorer_version": _TEXT,
        "source": _TEXT,
        "rule": _TEXT,
        "experiment_id": _TEXT,
        "case_id": _TEXT,
        "repeat": "INTEGER",
        "model": _TEXT,
        "cost_usd": "DOUBLE",
        "metadata": "JSON",
        "created_at": _TIME,
    },
    "waiting_logs": {
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "record": "JSON",
        "received_at": _TIME,
    },
    "score_ledger": {
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "rule": _TEXT,
        "scorer": _TEXT,
        "scorer_version": _TEXT,
        "outcome": _TEXT,
        "reason": _TEXT,
        "cost_usd": "DOUBLE",
        "source": _TEXT,
        "experiment_id": _TEXT,
        "created_at": _TIME,
    },
    "cases": {
        "dataset": _TEXT,
        "case_id": _TEXT,
        "revision": "INTEGER",
        "status": _TEXT,
        "priority": _TEXT,
        "failure_mode": _TEXT,
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "body": "JSON",
        "note": _TEXT,
        "by": _TEXT,
        "created_at": _TIME,
    },
    "experiments": {
        "experiment_id": _TEXT,
        "dataset": _TEXT,
        "dataset_hash": _TEXT,
        "task": _TEXT,
        "repeats": "INTEGER",
        "commit": _TEXT,
        "created_at": _TIME,
        "cases": "JSON",
        "metadata": "JSON",
    },
    "experiment_runs": {
        "experiment_id": _TEXT,
        "case_id": _TEXT,
        "repeat": "INTEGER",
        "status": _TEXT,
        "error": _TEXT,
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "output": _TEXT,
        "duration_ms": "DOUBLE",
        "cost_usd": "DOUBLE",
        "attempts": "JSON",
    },
    "overrides": {
        "experiment_id": _TEXT,
        "case_id": _TEXT,
        "reason": _TEXT,
        "by": _TEXT,
        "created_at": _TIME,
        "override_id": _TEXT,
        "expires_at": _TIME,
        "commit": _TEXT,
        "case_hash": _TEXT,
        "scorer_versions": "JSON",
    },
    "override_uses": {
        "override_id": _TEXT,
        "experiment_id": _TEXT,
        "used_at": _TIME,
    },
    "judge_standings": {
        "scorer": _TEXT,
        "scorer_version": _TEXT,
        "model": _TEXT,
        "may_block": "BOOLEAN",
        "reason": _TEXT,
        "created_at": _TIME,
    },
    "gate_decisions": {
        "experiment_id": _TEXT,
        "baseline_id": _TEXT,
        "dataset": _TEXT,
        "verdict": _TEXT,
        "decided_at": _TIME,
        "body": "JSON",
    },
}
"""Table → column → type."""
