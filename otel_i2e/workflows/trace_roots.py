"""Which span is meant by a trace: its root, or its first span where the root is recorded elsewhere (as in `traces`)."""

from __future__ import annotations

from typing import Final

__all__ = ["ROOT_OF_TARGET"]

ROOT_OF_TARGET: Final = """
(trace_id, span_id) IN (
  SELECT (trace_id, arg_min(span_id, (parent_span_id IS NOT NULL, start_time, span_id))) FROM span_rows
  WHERE starts_with(trace_id, $target) AND duplicate_of IS NULL GROUP BY trace_id
)
"""
"""A condition over `spans`: it is the root of a trace whose id begins with `$target`."""
