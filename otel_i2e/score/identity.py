"""The version of a scorer: a hash of its code, of what of the project the code names, and its parameters."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from functools import partial
from types import FunctionType, MethodType
from typing import Any, cast

from otel_i2e.models import Definition, Json
from otel_i2e.models.json_text import well_formed
from otel_i2e.score.named_code import CodePart, NamedCode, attribute
from otel_i2e.score.storable import storable_json

__all__ = ["code_definition", "code_target", "hash_of"]


def hash_of(value: Any) -> str:
    """12 hex digits of SHA-256 of `value` as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_definition(function: Callable[..., Any], parameters: Any = None, *, shown: Json | None = None) -> Definition:
    """A version that changes with the code, what it names and `parameters` (JSON), the same in any process; with what
    it is a hash of. `shown` are the parameters as a reader knows them.
    """
    walk = NamedCode(code_target(function))
    if bound := _bound(function, walk):
        parameters = {"parameters": parameters, "bound": bound}
        shown = {**(shown or {}), **bound}
    found = walk.parts()
    return Definition(
        version=hash_of([found, parameters]),
        text=well_formed("\n\n".join(_shown(part) for part in found if part.source)),
        parameters=storable_json({**(shown if shown is not None else parameters or {}), **_named(found)}),
    )


def code_target(function: Callable[..., Any]) -> Any:
    """The function behind a decorator, a method, a `functools.partial`; `__call__` of an object."""
    target = inspect.unwrap(cast("Any", function))
    while isinstance(target, partial):
        target = inspect.unwrap(cast("Any", target).func)
    if isinstance(target, FunctionType):
        return target
    method = attribute(target, "__func__") or attribute(type(target), "__call__")
    return method if isinstance(method, FunctionType) else cast("Any", type(target))


def _shown(part: CodePart) -> str:
    return part.source if isinstance(part.source, str) else part.name


def _named(parts: list[CodePart]) -> Json:
    return {f"{part.name}: {key}": value for part in parts for key, value in part.constants.items()}


def _bound(function: Any, walk: NamedCode) -> Json:
    """What a partial was given, and what an object holds that is called, with its class: part of what it is."""
    while (inner := attribute(function, "__wrapped__")) is not None:
        if isinstance(function, FunctionType):
            walk.value(function)  # a decorator
        function = inner
    if isinstance(function, partial):
        given = cast("Any", function)
        places = {str(place): walk.value(value) for place, value in enumerate(given.args)}
        names = {name: walk.value(value) for name, value in given.keywords.items()}
        return {**_bound(given.func, walk), **_known(places), **_known(names)}
    owner = function.__self__ if isinstance(function, MethodType) else function
    if isinstance(owner, FunctionType):
        return {}
    kind = owner if isinstance(owner, type) else type(owner)
    walk.value(kind)
    return {} if owner is kind else _known(walk.state(owner))


def _known(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}
