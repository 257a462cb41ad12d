"""`json_schema`: the output is JSON that a schema allows (JSON Schema; draft 2020-12 unless `$schema` says other)."""

from __future__ import annotations

from typing import Any

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Json, Score
from otel_i2e.score.checks._check import check_scorer, shown
from otel_i2e.score.checks._schema import demanding_validator, schema_problem
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.values import strictly_parsed

__all__ = ["json_schema"]


class Schema(Contract):
    """A JSON Schema."""

    json_schema: Json | bool
    """References are resolved inside it; nothing is fetched."""


def json_schema(argument: Any) -> Scorer:
    """The schema itself: `{"type": "object", "required": ["refund"]}`."""
    if not isinstance(argument, dict | bool):
        raise ScorerError(f"json_schema: it takes a JSON Schema as an object, got {shown(argument)}")
    wanted = Schema.model_validate({"json_schema": argument})
    validator = demanding_validator(wanted.json_schema)

    def check(output: str) -> Score:
        """The output is JSON that this schema allows."""
        try:
            value = strictly_parsed(output)
        except ValueError as error:
            return Score(value=0.0, explanation=f"not JSON: {error}")
        problem = schema_problem(validator, value)
        return Score(value=1.0 if problem is None else 0.0, explanation=problem or "the schema allows it")

    return check_scorer("json_schema", check, wanted, title=shown(wanted.json_schema))
