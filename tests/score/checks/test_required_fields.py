"""`required_fields`: the output is a JSON object with these fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.required_fields import required_fields

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "output", "said"),
    [
        (["a", "b.c"], '{"a": null, "b": {"c": 1}}', None),
        (["b.c"], '{"b": 1}', "b.c is missing"),
        ({"a": "number"}, '{"a": 1.5}', None),
        ({"a": "number"}, '{"a": true}', "a is no number"),
        ({"a": "integer"}, '{"a": 1.5}', "a is no integer"),
        ({"a": "integer"}, '{"a": 1.0}', None),
        ({"a": "integer"}, '{"a": 1e400}', "a is no integer: inf"),
        ({"a": "integer"}, '{"a": true}', "a is no integer"),
        ({"a": "array"}, '{"a": {}}', "a is no array"),
        (["a"], "[1]", "a is missing"),
        (["a"], "nonsense", "not JSON"),
    ],
)
def test_each_field_is_looked_for(attempt: Try, argument: Any, output: str, said: str | None) -> None:
    """A boolean is no number, an output that is no object has no field."""
    made = attempt(required_fields(argument), output)
    assert made.outcome is Outcome.SCORED
    assert made.passed is (said is None)
    assert made.score is not None
    assert (said or "every field") in (made.score.explanation or "")


def test_an_unknown_type_is_refused() -> None:
    """The types are those of JSON Schema."""
    with pytest.raises(ScorerError, match=r"^required_fields: "):
        required_fields({"a": "float"})
