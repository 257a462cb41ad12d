"""Run in an environment that has the real Ragas: one line of JSON for each attempt. See test_real_packages.py."""

from __future__ import annotations

from ragas.metrics import NonLLMStringSimilarity as WithSample
from ragas.metrics.collections import ExactMatch, NonLLMStringSimilarity, StringPresence, ToolCallAccuracy
from real_attempts import refused, tried

from otel_i2e.score import scorer
from otel_i2e.score.adapters import from_ragas

tried("exact", from_ragas(ExactMatch(), threshold=1), "30 days")
tried("other", from_ragas(ExactMatch(), threshold=1), "30 day")
tried("similar", scorer(name="similar", threshold=0.8)(NonLLMStringSimilarity()), "30 day")
tried("by sample", from_ragas(WithSample(), threshold=0.9), "30 day")
tried("present", from_ragas(StringPresence(), threshold=1), "Within 30 days.")
tried("nothing expected", from_ragas(ExactMatch()), "30 days", expected=None)
refused("tool calls", lambda: from_ragas(ToolCallAccuracy()))
