"""Parameters: how a header declares them, and how people write their values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from otel_i2e.errors import QueryError
from otel_i2e.models import Query, QueryParam

__all__ = ["parse_param", "parse_value", "samples", "values_of", "written"]

_DECLARATION: Final = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)\s+(?P<type>[a-z]+)(?:\s*=\s*(?P<default>'[^']*'|\S+))?(?:\s+(?P<description>.*))?"
)
_TYPES: Final[tuple[str, ...]] = get_args(QueryParam.model_fields["type"].annotation)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")


def parse_param(text: str, place: str) -> QueryParam:
    """The declaration `name type = default  description`. Raises QueryError."""
    match = _DECLARATION.fullmatch(text)
    if match is None:
        raise QueryError(
            f"{place}: param {text!r} is not valid; write `name type = default  description`, "
            "such as `threshold number = 0.5  Lowest score that is still good`"
        )
    if match["type"] not in _TYPES:
        raise QueryError(f"{place}: param {match['name']!r} has the type {match['type']!r}, not {', '.join(_TYPES)}")
    param = QueryParam(
        name=match["name"],
        type=match["type"],  # type: ignore[arg-type]  -- checked against the types
        description=match["description"] or "",
    )
    if match["default"] is None:
        return param
    return param.model_copy(update={"default": parse_value(param, match["default"].strip("'"), place)})


def parse_value(param: QueryParam, text: str, place: str, now: datetime | None = None) -> Any:
    """The value that `text` means for `param`. Raises QueryError.

    Where there is a `now`, a date before it is a duration, too: the one since then.
    """
    try:
        return _PARSERS[param.type](text.strip())
    except ValueError:
        if now is not None and param.type == "duration" and (since := _since(text.strip(), now)) is not None:
            return since
        raise QueryError(
            f"{place}: {param.name} = {text!r} is not of type {param.type}; write it as {_EXAMPLES[param.type]}"
            f"{', or a past date: 2026-01-31' if now is not None and param.type == 'duration' else ''}"
        ) from None


def values_of(query: Query, given: Mapping[str, str], now: datetime | None = None) -> dict[str, Any]:
    """A value for every parameter: the given one, or else its default; `now` as of `parse_value`. Raises QueryError."""
    names = [param.name for param in query.params]
    for name in given:
        if name not in names:
            known = f"its parameters are {', '.join(names)}" if names else "it has none; leave --param away"
            raise QueryError(f"{query.path}: the query {query.name!r} has no parameter {name!r}; {known}")
    values: dict[str, Any] = {}
    for param in query.params:
        if param.name in given:
            values[param.name] = parse_value(param, given[param.name], f"--param {param.name}", now)
        elif param.default is None:
            raise QueryError(
                f"{query.path}: the query {query.name!r} needs a value for {param.name!r} ({param.type}); "
                f"give --param {param.name}={_EXAMPLES[param.type].split()[0]}"
            )
        else:
            values[param.name] = param.default
    return values


def samples(query: Query) -> dict[str, Any]:
    """A value of the right type for every parameter, to check a query with."""
    return {param.name: _SAMPLES[param.type] if param.default is None else param.default for param in query.params}


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(text)
    return word in _TRUE


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)\s*([smhdw])", text)
    if match is None:
        raise ValueError(text)
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError(text) from None


def _since(text: str, now: datetime) -> timedelta | None:
    """From a date of ISO 8601 until `now`, in whole seconds; None for a later one, and for what is no date."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    ago = now - (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo))
    return timedelta(seconds=math.ceil(ago.total_seconds())) if ago >= timedelta(0) else None


def written(value: Any) -> str:
    """A parameter's value as a person writes it: `0.5`, `7d`, `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, timedelta):
        return str(value)
    seconds = value.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:  # infinite, or not a number
        raise ValueError(text)
    return number


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "integer": int,
    "number": _number,
    "boolean": _boolean,
    "duration": _duration,
}
_EXAMPLES: Final = {
    "text": "refunds",
    "integer": "20",
    "number": "0.5",
    "boolean": "true or false",
    "duration": "24h (units: s, m, h, d, w)",
}
_SAMPLES: Final[Mapping[str, Any]] = {
    "text": "",
    "integer": 1,
    "number": 0.5,
    "boolean": True,
    "duration": timedelta(days=1),
}
