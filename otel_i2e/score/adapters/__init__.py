"""Scorers of other libraries as ours, and ours as theirs. Nothing of theirs is imported before it is used."""

from __future__ import annotations

from otel_i2e.score.adapters.autoevals import from_autoevals
from otel_i2e.score.adapters.deepeval import from_deepeval
from otel_i2e.score.adapters.pydantic_evals import from_pydantic_evals, to_pydantic_evals
from otel_i2e.score.adapters.ragas import from_ragas
from otel_i2e.score.adapters.shapes import adapter_of

__all__ = ["adapter_of", "from_autoevals", "from_deepeval", "from_pydantic_evals", "from_ragas", "to_pydantic_evals"]
