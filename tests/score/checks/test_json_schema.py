"""`json_schema`: the output is JSON that a schema allows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

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


@pytest.mark.parametrize(
    ("number", "step", "passes"),
    [
        ("19.99", 0.01, True),
        ("4.35", 0.01, True),
        ("9.995", 0.01, False),
        ("1e-7", 1e-8, True),
        ("3.0", 1, True),
        ("7", 2, False),
        ("1" + "0" * 400, 10, True),
        ("1e400", 0.01, False),
        ('"7"', 2, True),
    ],
)
def test_a_multiple_is_one_of_the_decimals_that_are_written(
    attempt: Try, number: str, step: float, *, passes: bool
) -> None:
    """Not of their binary neighbours; a number that is too large for one is none, a text is no number."""
    made = attempt(json_schema({"properties": {"price": {"multipleOf": step}}}), f'{{"price": {number}}}')
    assert made.passed is passes, made


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
        ({"format": "date-time"}, '"x"'),
        ({"format": "time"}, '"x"'),
        ({"format": "duration"}, '"x"'),
        ({"format": "uri"}, '"x y"'),
        ({"format": "hostname"}, '"-_x"'),
        ({"format": "json-pointer"}, '"x"'),
    ],
)
def test_a_format_holds(attempt: Try, schema: Any, output: str) -> None:
    """Text that is not of the format fails."""
    assert attempt(json_schema(schema), output).passed is False


def test_a_misspelt_word_is_refused() -> None:
    """It would ask for nothing."""
    with pytest.raises(ScorerError, match="did you mean 'required'"):
        json_schema({"type": "object", "requird": ["a"]})
    json_schema({"$defs": {}, "x-note": "ours", "title": "t", "type": "object"})


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {"a": {"tpye": "integer"}}}, "did you mean 'type'"),
        ({"anyOf": [{"minimun": 5}, {"type": "string"}]}, "did you mean 'minimum'"),
        ({"$defs": {"a": {"not": {"requird": []}}}, "$ref": "#/$defs/a"}, "did you mean 'required'"),
        ({"type": "object", "dependencies": {"a": ["b"]}}, "'dependencies' is of an earlier draft"),
        ({}, "asks for nothing"),
        (True, "asks for nothing"),
        ({"titel": "x"}, "asks for nothing"),
        ({"description": "an order"}, "asks for nothing"),
    ],
)
def test_what_asks_for_nothing_is_refused_at_any_depth(schema: Any, said: str) -> None:
    """A property may have any name, and an earlier draft its words."""
    with pytest.raises(ScorerError, match=said):
        json_schema(schema)
    json_schema({"type": "object", "properties": {"tpye": {"enum": [{"requird": 1}]}, "dependencies": True}})
    json_schema({"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}})


def test_a_format_that_cannot_be_checked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that the standard does not know is a note, as it says."""
    checkers: Any = cast("Any", Draft202012Validator).FORMAT_CHECKER.checkers
    monkeypatch.delitem(checkers, "date-time")
    with pytest.raises(ScorerError, match=r"'date-time' is checked with pip install 'otel-i2e\[formats\]'"):
        json_schema({"properties": {"at": {"format": "date-time"}}})
    json_schema({"type": "integer", "format": "int32"})


@pytest.mark.parametrize(
    ("output", "passes"),
    [('{"n_a": 1}', True), ('{"n_a": "1"}', False), ('{"n_a": 1, "b": 1}', False), ('{"c": 5}', True), ("[]", True)],
)
def test_names_match_patterns(attempt: Try, output: str, passes: bool) -> None:
    """With the rest forbidden, or of another schema."""
    patterns = {"patternProperties": {"^n_": {"type": "integer"}}, "properties": {"c": True}}
    assert attempt(json_schema({**patterns, "additionalProperties": False}), output).passed is passes
    other = attempt(
        json_schema({**patterns, "additionalProperties": {"minimum": 2}}), output.replace('"b": 1', '"b": 2')
    )
    assert other.passed is (passes or '"b"' in output)


def test_names_of_a_model_take_linear_time(attempt: Try) -> None:
    """Of patterns, and of what they leave over."""
    schema = {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "additionalProperties": False}
    began = time.process_time()
    assert attempt(json_schema(schema), '{"' + "a" * 5_000 + '!": 1}').passed is False
    assert time.process_time() - began < 5


def test_a_command_that_uses_no_schema_does_not_load_the_library() -> None:
    """With its formats, jsonschema costs more than everything else that a gate or an evaluation imports."""
    code = (
        "import sys, otel_i2e.workflows.evaluation, otel_i2e.workflows.gating, otel_i2e.workflows.drift;"
        "print([name for name in ('jsonschema', 'rfc3987_syntax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
