"""A case in the store: proposed, approved or rejected, one row per revision."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from otel_i2e.models._contract import Contract
from otel_i2e.models.case import Case

__all__ = ["CaseStatus", "StoredCase"]

CaseStatus = Literal["proposed", "approved", "rejected"]


class StoredCase(Contract):
    """The latest revision of a case, as table `cases` has it."""

    dataset: str
    """The dataset."""
    case: Case
    """The case."""
    status: CaseStatus
    """Where it stands in review."""
    revision: int
    """From 1; every change is a new row."""
    note: str | None = None
    """The reviewer's words."""
    by: str | None = None
    """Who made this revision."""
    created_at: datetime
    """UTC."""
