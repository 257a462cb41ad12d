"""`json_schema`: the output is JSON that a schema allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.json_schema import json_schema
from otel_i2e.testing.local_http import HttpAnswer, HttpCall, LocalServer

Try = Callable[..., Attempt]
SCHEMA = {
    "type": "object",
    "required": ["days"],
    "properties": {"days": {"type": "integer", "maximum": 30}, "code": {"type": "string", "pattern": "^(a+)+$"}},
}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ('{"days": 30}', None),
        ('{"days": 31}', "$.days: 31 is greater than the maximum of 30"),
        ("{}", "$: 'days' is a required property"),
        ('{"days": 3, "code": "b"}', "$.code: 'b' does not match '^(a+)+$'"),
        ("thirty", "not JSON: "),
        ('```json\n{"days": 30}\n```', "not JSON: "),
    ],
)
def test_output_is_parsed_and_validated(attempt: Try, output: str, said: str | None) -> None:
    """What is wrong is said with its place; text that is no JSON fails."""
    tried = attempt(json_schema(SCHEMA), output)
    assert tried.passed is (said is None)
    assert tried.score is not None
    assert (said or "") in (tried.score.explanation or "")


def test_patterns_run_in_linear_time(attempt: Try) -> None:
    """The text comes from a model."""
    began = time.process_time()
    assert attempt(json_schema(SCHEMA), '{"days": 1, "code": "' + "a" * 50_000 + '!"}').passed is False
    assert time.process_time() - began < 5


def test_references_are_resolved_inside_and_never_fetched(attempt: Try) -> None:
    """A reference elsewhere is an error of the scorer: neither pass nor fail."""
    inside = {"$defs": {"d": {"type": "integer"}}, "$ref": "#/$defs/d"}
    assert attempt(json_schema(inside), "3").passed is True
    asked: list[str] = []

    def serve(call: HttpCall) -> HttpAnswer:
        asked.append(call.path)
        return HttpAnswer(headers={"content-type": "application/json"}, chunks=[b"true"])

    server = LocalServer(serve)
    try:
        elsewhere = attempt(json_schema({"$ref": f"{server.url}/schema.json"}), "3")
    finally:
        server.close()
    assert elsewhere.outcome is Outcome.ERROR
    assert "Unresolvable" in (elsewhere.error or "")
    assert asked == []


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"minimum": "3"}, "object", None, 3])
def test_a_wrong_schema_is_one_line(schema: Any) -> None:
    """At definition, with the place in the schema."""
    with pytest.raises(ScorerError, match=r"^json_schema: ") as caught:
        json_schema(schema)
    assert "\n" not in str(caught.value)


def test_an_older_draft_is_honoured(attempt: Try) -> None:
    """`$schema` says which."""
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 30, "exclusiveMaximum": True}
    assert attempt(json_schema(old), "30").passed is False


@pytest.mark.parametrize(
    ("schema", "output"),
    [
        ({"type": "string", "format": "email"}, '"nope"'),
    ],
)
def test_a_format_holds(attempt: Try, schema: Any, output: str) -> None:
    """Text that is not of the format fails."""
    assert attempt(json_schema(schema), output).passed is False


def test_a_misspelt_word_is_refused() -> None:
    """It would ask for nothing."""
    with pytest.raises(ScorerError, match="did you mean 'required'"):
        json_schema({"type": "object", "requird": ["a"]})
    json_schema({"$defs": {}, "x-note": "ours", "title": "t"})
