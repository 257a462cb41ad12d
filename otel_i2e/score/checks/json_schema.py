"""`json_schema`: the output is JSON that a schema allows (JSON Schema; draft 2020-12 unless `$schema` says other)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, cast

from jsonschema import exceptions, validators
from referencing import Registry

from otel_i2e.errors import ScorerError
from otel_i2e.models import Contract, Json, Score
from otel_i2e.score.checks._check import check_scorer, shown
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.values import parsed

__all__ = ["json_schema", "schema_problem"]

# jsonschema ships no types: what it gives is Any from here on
_best_match = cast("Any", exceptions).best_match
_extend = cast("Any", validators).extend
_NOTHING_FETCHED: Registry[Any] = Registry()
_NO_DEMAND = frozenset({"definitions", "$defs", "$id", "$schema", "$anchor", "title", "description", "then", "else"})


class Schema(Contract):
    """A JSON Schema."""

    json_schema: Json | bool
    """References are resolved inside it; nothing is fetched."""


def json_schema(argument: Any) -> Scorer:
    """The schema itself: `{"type": "object", "required": ["refund"]}`."""
    if not isinstance(argument, dict | bool):
        raise ScorerError(f"json_schema: it takes a JSON Schema as an object, got {shown(argument)}")
    wanted = Schema.model_validate({"json_schema": argument})
    validator = _validator(wanted.json_schema)

    def check(output: str) -> Score:
        """The output is JSON that this schema allows."""
        try:
            value = parsed(output)
        except ValueError as error:
            return Score(value=0.0, explanation=f"not JSON: {error}")
        worst = _best_match(validator.iter_errors(value))
        if worst is None:
            return Score(value=1.0, explanation="the schema allows it")
        return Score(value=0.0, explanation=f"{worst.json_path}: {worst.message}")

    return check_scorer("json_schema", check, wanted, title=shown(wanted.json_schema))


def schema_problem(schema: Json, value: Any) -> str | None:
    """What the schema has against `value`, one line; None when it allows it. ScorerError for one that is no schema."""
    worst = _best_match(_validator(schema).iter_errors(value))
    return None if worst is None else f"{worst.json_path}: {worst.message}"


def _validator(schema: Json | bool) -> Any:
    kind: Any = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise ScorerError(f"json_schema: not a valid schema: {error.json_path}: {error.message}") from None
    _check_words(schema, kind)
    checker = kind.FORMAT_CHECKER
    return _extend(kind, {"pattern": _pattern})(schema, registry=_NOTHING_FETCHED, format_checker=checker)


def _check_words(schema: Json | bool, kind: Any) -> None:
    """A word that is nearly one of JSON Schema's would ask for nothing. Raises ScorerError."""
    for word in schema if isinstance(schema, dict) else ():
        known: list[str] = list(kind.VALIDATORS)
        near = [] if word in known else get_close_matches(word, known, n=1, cutoff=0.8)
        if near and word not in _NO_DEMAND:
            raise ScorerError(f"json_schema: {shown(word)} asks for nothing; did you mean {near[0]!r}?")


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Any:
    """`pattern`, by RE2: the text comes from a model, the time must stay linear."""
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield exceptions.ValidationError(f"{instance!r} does not match {pattern!r}")
