"""Run in an environment that has the real DeepEval: one line of JSON for each attempt. See test_real_packages.py."""

from __future__ import annotations

from deepeval.metrics import ExactMatchMetric, JsonCorrectnessMetric, PatternMatchMetric, ToolCorrectnessMetric
from pydantic import BaseModel
from real_attempts import refused, tried

from otel_i2e.score import scorer
from otel_i2e.score.adapters import from_deepeval


class Answer(BaseModel):
    """What the output must be."""

    number: int


tried("exact", from_deepeval(ExactMatchMetric()), "30 days")
tried("other", from_deepeval(ExactMatchMetric()), "30 day")
tried("pattern", scorer(name="pattern")(PatternMatchMetric(r"\d+ days")), "30 days")
tried("json", from_deepeval(JsonCorrectnessMetric(Answer, model="gpt-5", include_reason=False)), '{"number": 1}')
tried("no json", from_deepeval(JsonCorrectnessMetric(Answer, model="gpt-5", include_reason=False)), '{"number": "a"}')
tried("nothing expected", from_deepeval(ExactMatchMetric()), "30 days", expected=None)
refused("expected tools", lambda: from_deepeval(ToolCorrectnessMetric(model="gpt-5")))
