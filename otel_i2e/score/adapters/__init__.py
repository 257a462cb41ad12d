"""Scorers of other libraries as ours, and ours as theirs. Nothing of theirs is imported before it is used."""

from __future__ import annotations

from otel_i2e.score.adapters.autoevals import from_autoevals
from otel_i2e.score.adapters.pydantic_evals import from_pydantic_evals, to_pydantic_evals

__all__ = ["from_autoevals", "from_pydantic_evals", "to_pydantic_evals"]
