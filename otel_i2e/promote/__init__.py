"""Failing spans → proposed cases: what the application was given, what it had before it, an id that stays.

Pure: rows of a query and spans come in, proposals go out; the workflow reads and stores.
"""

from __future__ import annotations

from otel_i2e.promote.finding import Finding, Outcome, Proposal, finding_of
from otel_i2e.promote.identity import case_id, input_key
from otel_i2e.promote.propose import build_case, propose
from otel_i2e.promote.redaction import Redactor, redacted
from otel_i2e.promote.task_input import conversation_of, entry_of, input_of

__all__ = [
    "Finding",
    "Outcome",
    "Proposal",
    "Redactor",
    "build_case",
    "case_id",
    "conversation_of",
    "entry_of",
    "finding_of",
    "input_key",
    "input_of",
    "propose",
    "redacted",
]
