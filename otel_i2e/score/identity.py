"""The version of a scorer: a hash of its code, the functions and constants that the code names, and its parameters.

What is followed: functions of the same package or the same directory, classes of the same file, other scorers,
and constants (text, numbers, collections of them, patterns), in module scope or in a closure. What is not: other
packages, attributes of modules and objects, data that is read at run time.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final, cast

from otel_i2e.models import Definition, Json
from otel_i2e.score.storable import storable_json, storable_text

__all__ = ["code_definition", "code_version", "hash_of"]

_MOST_PARTS: Final = 200
_DEEPEST: Final = 6


def hash_of(value: Any) -> str:
    """12 hex digits of SHA-256 of `value` as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_version(function: Callable[..., Any], parameters: Any = None) -> str:
    """12 hex digits that change with the code, what it names and `parameters` (JSON); the same in any process."""
    return code_definition(function, parameters).version


def code_definition(function: Callable[..., Any], parameters: Any = None, *, shown: Json | None = None) -> Definition:
    """The same with what it is a hash of; `shown` are the parameters as a reader knows them."""
    parts: dict[int, Any] = {}
    target = code_target(function)
    _collect(target, target, parts)
    if bound := _bound(function):
        parameters = {"parameters": parameters, "bound": bound}
        shown = {**(shown or {}), **bound}
    found = list(parts.values())
    named = {f"{name}: {key}": value for name, _, constants in found for key, value in constants.items()}
    return Definition(
        version=hash_of([found, parameters]),
        text=storable_text("\n\n".join(source if isinstance(source, str) else name for name, source, _ in found)),
        parameters=storable_json({**(shown if shown is not None else parameters or {}), **named}),
    )


def code_target(function: Callable[..., Any]) -> Any:
    """The function behind a decorator, a method, a `functools.partial`; `__call__` of an object."""
    target = inspect.unwrap(cast("Any", function))
    while isinstance(target, partial):
        target = inspect.unwrap(cast("Any", target).func)
    if isinstance(target, FunctionType):
        return target
    method = _attribute(target, "__func__") or _attribute(type(target), "__call__")
    return method if isinstance(method, FunctionType) else cast("Any", type(target))


def _bound(function: Any) -> Json:
    """What a partial was given, and the plain attributes of an object that is called: part of what it is."""
    target = inspect.unwrap(function)
    if isinstance(target, partial):
        given = cast("Any", target)
        places: list[Any] = list(given.args)
        by_place = {str(place): value for place, value in enumerate(places)}
        return {**_bound(given.func), **_bound_values(by_place), **_bound_values(given.keywords)}
    if isinstance(target, MethodType):
        target = target.__self__
    return {} if isinstance(target, FunctionType | type) else _bound_values(_attribute(target, "__dict__") or {})


def _bound_values(values: Mapping[Any, Any]) -> Json:
    found = {str(name): _constant(value) for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not None}


def _collect(target: Any, root: Any, parts: dict[int, Any]) -> None:
    """Add what `target` is and names to `parts`, in the order in which it is found; keys only tell what is there."""
    if id(target) in parts or len(parts) >= _MOST_PARTS:
        return
    constants: dict[str, Any] = {}
    parts[id(target)] = [target.__qualname__, _source(target), constants]
    if not isinstance(target, FunctionType):
        return
    for name, value in _named(target):
        code = _code_of(value)
        if code is not None and _is_ours(code, root):
            _collect(code, root, parts)
        elif (constant := _constant(value)) is not None:
            constants[name] = constant


def _code_of(value: Any) -> Any:
    """The function or class that `value` is, or the function under a scorer or another wrapper; else None."""
    if isinstance(value, FunctionType | type):
        return inspect.unwrap(value)
    inner = _attribute(value, "function") or _attribute(value, "__wrapped__")
    return inner if isinstance(inner, FunctionType) else None


def _source(target: Any) -> Any:
    try:
        text = textwrap.dedent(inspect.getsource(target))
    except (OSError, TypeError):
        return _bytecode(target.__code__) if isinstance(target, FunctionType) else target.__qualname__
    return "\n".join(line.rstrip() for line in text.splitlines())


def _bytecode(code: CodeType) -> list[Any]:
    """For code without a source file (`exec`, a notebook's magic): stable within one Python version only."""
    constants = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), constants]


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Every global and closure variable that the code names and that has a value by now."""
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__ and not name.startswith("__"):
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _names(code: CodeType) -> set[str]:
    inner = (_names(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(chain(code.co_names, *inner))


def _is_ours(value: Any, root: Any) -> bool:
    here, there = _file(root), _file(value)
    if isinstance(value, type):
        return here is not None and here == there
    same_package = str(value.__module__).partition(".")[0] == str(root.__module__).partition(".")[0]
    return same_package or (here is not None and there is not None and Path(here).parent == Path(there).parent)


def _file(value: Any) -> str | None:
    try:
        return inspect.getsourcefile(value)
    except TypeError:
        return None


def _constant(value: Any, depth: int = 0) -> Any:
    """`value` as JSON when it is a constant; None when it is something else."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _collection(value, depth + 1) if depth < _DEEPEST else None
    if isinstance(value, ModuleType):
        return None
    version = _attribute(value, "version") or _attribute(value, "pattern")  # another scorer; a pattern
    return [version, str(_attribute(value, "flags"))] if isinstance(version, str | bytes) else None


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 -- any object may stand in a scorer's module
        return None


def _collection(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {str(key): _constant(item, depth) for key, item in pairs}
    items = [_constant(item, depth) for item in value]
    return items if isinstance(value, list | tuple) else sorted(items, key=repr)
