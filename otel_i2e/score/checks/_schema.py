"""JSON Schema as a check needs it: patterns in linear time, nothing fetched, no word that asks for nothing.

jsonschema is imported when a schema is used: with its formats, that alone is most of what a command's start costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from fractions import Fraction
from math import isfinite
from typing import Any, Final, cast

from otel_i2e.errors import ScorerError
from otel_i2e.models import Json
from otel_i2e.score.checks._check import shown
from otel_i2e.score.checks.regex import compiled

__all__ = ["demanding_validator", "schema_problem", "validator_of"]

_SILENT: Final = frozenset(
    {"definitions", "$defs", "$id", "$schema", "$anchor", "$comment", "title", "description", "then", "else", "default"}
    | {"examples", "deprecated", "readOnly", "writeOnly", "minContains", "maxContains", "$dynamicAnchor", "$vocabulary"}
    | {"contentEncoding", "contentMediaType", "contentSchema", "example", "nullable"}
)
"""Words that by themselves ask for nothing, and are not mistakes."""
_EARLIER: Final = frozenset({"additionalItems", "dependencies", "disallow", "divisibleBy", "extends"})
_ONE: Final = (
    *("not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "additionalItems"),
)
_SEVERAL: Final = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_BY_NAME: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_FORMATS: Final = frozenset(
    {"date-time", "time", "duration", "uri", "uri-reference", "iri", "iri-reference", "hostname", "idn-hostname"}
    | {"json-pointer", "relative-json-pointer", "uri-template"}
)
"""Formats of the standard that jsonschema checks with other libraries' help."""


def demanding_validator(schema: Json | bool) -> Any:
    """The validator of a schema that its author wants to hold. ScorerError for one that asks for nothing somewhere."""
    made = validator_of(schema)
    if not any(word in made.VALIDATORS for word in schema) if isinstance(schema, dict) else schema:
        raise ScorerError(f"json_schema: {shown(schema)} asks for nothing and allows everything")
    for part in _parts(schema):
        for word in part:
            _refuse(word, made)
        kind: Any = part.get("format")
        if kind in _FORMATS and kind not in made.FORMAT_CHECKER.checkers:
            raise ScorerError(f"json_schema: format {kind!r} is checked with pip install 'otel-i2e[formats]'")
    return made


def validator_of(schema: Json | bool) -> Any:
    """The validator of a schema of any draft. ScorerError for one that is no schema."""
    from jsonschema import exceptions, validators
    from referencing import Registry

    kind: Any = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise ScorerError(f"json_schema: not a valid schema: {error.json_path}: {error.message}") from None
    words: dict[str, Any] = {
        "pattern": _pattern,
        "patternProperties": _of_patterns,
        "additionalProperties": _additional,
        "multipleOf": _multiple,
    }
    extend = cast("Any", validators).extend  # jsonschema ships no types
    return extend(kind, words)(schema, registry=Registry[Any](), format_checker=kind.FORMAT_CHECKER)


def schema_problem(validator: Any, value: Any) -> str | None:
    """What a schema has against `value`, one line; None when it allows it."""
    from jsonschema import exceptions

    worst = cast("Any", exceptions).best_match(validator.iter_errors(value))
    return None if worst is None else f"{worst.json_path}: {worst.message}"


def _parts(schema: Any) -> Iterator[Json]:
    """The schema and every one inside of it."""
    if not isinstance(schema, dict):
        return
    part = cast("Json", schema)
    yield part
    inner: list[Any] = [part.get(word) for word in _ONE]
    for word in _SEVERAL:
        inner += part[word] if isinstance(part.get(word), list) else []
    for word in _BY_NAME:
        inner += part[word].values() if isinstance(part.get(word), dict) else []
    for one in inner:
        yield from _parts(one)


def _refuse(word: str, made: Any) -> None:
    """ScorerError for what is nearly a word of JSON Schema, or one of an earlier draft: it would ask for nothing."""
    known: list[str] = list(made.VALIDATORS)
    if word in known or word in _SILENT:
        return
    if word in _EARLIER:
        raise ScorerError(
            f"json_schema: {word!r} is of an earlier draft and asks for nothing in this one; "
            'say which with "$schema": "http://json-schema.org/draft-07/schema#"'
        )
    near = [one for one in known if sorted(one) == sorted(word)] or get_close_matches(word, [*known, *_SILENT], 1, 0.8)
    if near:
        raise ScorerError(f"json_schema: {shown(word)} asks for nothing; did you mean {near[0]!r}?")


# By RE2: text and names come from a model, the time must stay linear.


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Any:
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield _error(f"{instance!r} does not match {pattern!r}")


def _of_patterns(validator: Any, patterns: Json, instance: Any, _schema: Any) -> Any:
    if not isinstance(instance, dict):
        return
    for pattern, inner in patterns.items():
        for name in _matching(pattern, cast("Json", instance)):
            yield from validator.descend(instance[name], inner, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Json) -> Any:
    if not isinstance(instance, dict):
        return
    given = cast("Json", instance)
    known = {*schema.get("properties", {})}
    for pattern in schema.get("patternProperties", {}):
        known.update(_matching(pattern, given))
    for name in (name for name in given if name not in known):
        if allowed is False:
            yield _error(f"additional properties are not allowed, and {name!r} is one")
        elif isinstance(allowed, dict):
            yield from validator.descend(given[name], allowed, path=name)


def _multiple(validator: Any, step: float, instance: Any, _schema: Any) -> Any:
    """By the decimals that are written: in binary 19.99 is no multiple of 0.01."""
    if not validator.is_type(instance, "number"):
        return
    if (isinstance(instance, float) and not isfinite(instance)) or _exact(instance) % _exact(step):
        yield _error(f"{instance!r} is not a multiple of {step!r}")


def _exact(number: float) -> Fraction:
    return Fraction(repr(number) if isinstance(number, float) else number)


def _matching(pattern: str, names: Iterable[str]) -> list[str]:
    search = compiled(pattern).search
    return [name for name in names if search(name)]


def _error(message: str) -> Exception:
    from jsonschema import ValidationError

    return ValidationError(message)
