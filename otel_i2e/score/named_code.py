"""The code that a scorer is made of: a function, an object or a class, and all of the project's code that it names.

Followed are functions and classes of the project's files (the methods of a class, its bases and its attributes
included), of the scorer's own package when that is installed, and what objects and containers hold of them; names in
a module, in a closure, in default values and as `module.name`. Not followed: other packages (their names are part of
it, and what `known_state` knows of their objects), imports inside of a function, attributes that are looked up by a
computed name, and data read at run time.
"""

from __future__ import annotations

import inspect
import json
import sysconfig
import textwrap
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property, partial, partialmethod
from itertools import chain
from pathlib import Path
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final, NamedTuple, cast

from otel_i2e.score.constants import constant, fields_of
from otel_i2e.score.known_state import declared, known_state
from otel_i2e.score.lambda_text import lambda_text

__all__ = ["CodePart", "NamedCode", "attribute", "is_of_project"]

_MOST_PARTS: Final = 2_000
_DEEPEST: Final = 50
"""Levels of what is held: more than a JSON schema has."""
_OURS: Final = "otel_i2e"
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_LIBRARIES: Final = tuple(
    Path(path) for name, path in sysconfig.get_paths().items() if name in {"stdlib", "platstdlib", "purelib", "platlib"}
)
_CONTAINERS: Final = (Mapping, list, tuple, set, frozenset, deque)
_SHOWN: Final = (str, int, float, bytes, type, Enum, type(None))
"""Keys whose text is the same in every process."""
_INNER: Final = ("__func__", "fget", "fset", "fdel", "func", "wrapped", "__wrapped__")
"""Where descriptors and decorators keep the function."""


class CodePart(NamedTuple):
    """A function or class, with what it names that is no code."""

    name: str
    """Its qualified name."""
    source: Any
    """Its text; its instructions where there is no text; empty when the text of its class has it."""
    constants: dict[str, Any]
    """By name, as JSON: constants, patterns, the state of objects, and what comes from other packages."""


class NamedCode:
    """A walk from one function or class, in an order that depends on names alone."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._folder = None if (file := _file(root)) is None else Path(file).parent
        self._found: dict[int, CodePart] = {}
        self._queue: deque[Any] = deque()
        self._kept: list[Any] = []  # an id belongs to one object only while that lives
        self._states: dict[int, Any] = {}
        self.add(root)

    def parts(self) -> list[CodePart]:
        """All that is reached, the root first."""
        while self._queue:
            target = self._queue.popleft()
            part = self._found[id(target)]
            part.constants.update(self._of_class(target) if isinstance(target, type) else self._of_function(target))
        return list(self._found.values())

    def add(self, target: Any, *, inside: bool = False) -> None:
        """A function or class to walk through; one that is `inside` has its text in its class."""
        if id(target) in self._found or len(self._found) >= _MOST_PARTS:
            return
        self._kept.append(target)
        self._found[id(target)] = CodePart(target.__qualname__, "" if inside else _source(target), {})
        self._queue.append(target)

    def value(self, value: Any, depth: int = 0) -> Any:
        """`value` as JSON, the code that it holds being added; None when nothing is known of it."""
        if depth > _DEEPEST or isinstance(value, ModuleType):
            return None
        if isinstance(value, FunctionType | type):
            return self._code(value)
        if self._follows(type(value)):
            self.add(type(value))
        if isinstance(value, str | bool | int | float | bytes):
            return value.hex() if isinstance(value, bytes) else value
        if self._follows(type(value)) and not isinstance(value, tuple):
            return self.state(value, depth)
        return self._once(value, depth)

    def _once(self, value: Any, depth: int) -> Any:
        if id(value) not in self._states:
            self._kept.append(value)
            self._states[id(value)] = None  # what stands in itself ends here
            self._states[id(value)] = self._described(value, depth)
        return self._states[id(value)]

    def _described(self, value: Any, depth: int) -> Any:
        if isinstance(value, _CONTAINERS):
            return self._container(value, depth)
        known = constant(value, self._folder)
        return known if known is not None else self._object(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            entries = cast("Mapping[Any, Any]", value).items()
            pairs = [[self._key(key, depth), self.value(item, depth + 1)] for key, item in entries]
            held = dict(pairs)
            if isinstance(value, OrderedDict) or len(held) < len(pairs):
                return pairs
            return [self.value(value.default_factory), held] if isinstance(value, defaultdict) else held
        items = [self.value(item, depth + 1) for item in value]
        return items if isinstance(value, list | tuple | deque) else sorted(items, key=repr)

    def _key(self, key: Any, depth: int) -> str:
        """A function shows its address as a string, a set any order: both are others in the next process."""
        known = self.value(key, depth + 1)
        if isinstance(key, _SHOWN):
            return str(key)
        return type(key).__qualname__ if known is None else json.dumps(known, sort_keys=True, default=str)

    def _object(self, value: Any, depth: int) -> Any:
        if (known := known_state(value)) is not None:
            return [type(value).__name__, self.value(known, depth + 1)]
        if isinstance(value, partial):
            given = cast("Any", value)
            return [self.value(one, depth + 1) for one in (given.func, given.args, given.keywords)]
        if isinstance(value, MethodType | BuiltinMethodType):
            owner = value.__self__
            return [value.__name__, None if isinstance(owner, ModuleType) else self.value(owner, depth + 1)]
        inner = attribute(value, "function") or attribute(value, "__wrapped__")  # a scorer, another wrapper
        if inner is not None and inner is not value:
            return self.value(inner, depth + 1)
        version = attribute(value, "version") or attribute(value, "pattern")  # another scorer; a pattern
        if isinstance(version, str | bytes):
            return [version, str(attribute(value, "flags"))]
        fields = fields_of(value)
        return None if fields is None else {name: self.value(item, depth + 1) for name, item in fields.items()}

    def state(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """What an object of the project holds, under its class's name; what it computes and keeps is left out."""
        name = type(value).__qualname__
        if id(value) not in self._states:
            self._kept.append(value)
            self._states[id(value)] = {"object": name}  # what refers to itself ends here
            held = {key: self.value(item, depth + 1) for key, item in sorted(_held(value).items())}
            held["(itself)"] = self._itself(value, depth)
            self._states[id(value)] = {"object": name, **{key: one for key, one in held.items() if one is not None}}
        return self._states[id(value)]

    def _itself(self, value: Any, depth: int) -> Any:
        """Of a dict, list or number of the project's own class: what it is, beside its attributes."""
        return self._container(value, depth) if isinstance(value, _CONTAINERS) else constant(value, self._folder)

    def _code(self, value: Any) -> str | None:
        for target in _layers(value):
            if self._follows(target):
                self.add(target)
        by_type = attribute(value, "registry")  # of a function of `functools.singledispatch`
        for one in cast("Mapping[Any, Any]", by_type).values() if isinstance(by_type, Mapping) else ():
            self.value(one)
        package = str(value.__module__).partition(".")[0].lstrip("_")
        if self._follows(value):
            return f"code {value.__qualname__}"
        return None if package == _OURS else f"{package}: {value.__qualname__}"

    def _of_function(self, function: FunctionType) -> dict[str, Any]:
        found: dict[str, Any] = {}
        named = [*_named(function), ("default values", function.__defaults__)]
        for name, value in [*named, ("keyword defaults", function.__kwdefaults__)]:
            described = None if value is None else self.value(value)
            if described is not None and not (isinstance(value, FunctionType | type) and self._follows(value)):
                found[name] = described
        for target in _layers(function):
            if target is not function and self._follows(target):
                self.add(target)
        return found

    def _of_class(self, kind: type) -> dict[str, Any]:
        for base in (type(kind), *kind.__mro__[1:]):
            if self._follows(base):
                self.add(base)
        found = {f"{name}: declared": self.value(one) for name, one in declared(kind).items()}
        for name, value in sorted(vars(kind).items()):
            functions = list(_functions(value))
            for function in functions:
                self._member(kind, function)
            if functions or (name.startswith("__") and name.endswith("__")):
                continue
            if (described := self.value(value)) is not None:
                found[name] = described
        return found

    def _member(self, kind: type, function: FunctionType) -> None:
        place, written = function.__code__.co_filename, function.__qualname__.startswith(f"{kind.__qualname__}.")
        if written and place.startswith("<") and _file(kind) is not None:
            return  # made from the text of the class, as by dataclasses
        if self._follows(function):
            self.add(function, inside=written and _file(kind) is not None and _file(function) == _file(kind))

    def _follows(self, value: Any) -> bool:
        """Whether a function or class is the scorer's own, and not another package's."""
        here, there = _module(self._root), _module(value)
        if there.partition(".")[0] == _OURS:  # classes that we share are a contract
            return here.partition(".")[0] == _OURS and (not isinstance(value, type) or here == there)
        if there == "builtins":
            return False
        if here.partition(".")[0] == there.partition(".")[0]:
            return True
        return is_of_project(value)


def is_of_project(value: Any) -> bool:
    """Whether a function or class stands in a file that is not an installed package's."""
    file = _file(value)
    return file is not None and not file.startswith("<") and not _is_installed(Path(file))


def attribute(value: Any, name: str) -> Any:
    """An attribute of an object that anyone may have written; None without it."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 -- any object may stand in a scorer's module
        return None


def _module(value: Any) -> str:
    return str(attribute(value, "__module__"))


def _file(value: Any) -> str | None:
    try:
        return inspect.getsourcefile(_written(value))
    except TypeError:
        return None


def _written(value: Any) -> Any:
    """What has a text of its own: of a decorator's function its code, as `inspect` goes on to what it wraps."""
    return value.__code__ if isinstance(value, FunctionType) else value


def _is_installed(file: Path) -> bool:
    return not _INSTALLED.isdisjoint(file.parts) or any(file.is_relative_to(library) for library in _LIBRARIES)


def _source(target: Any) -> Any:
    if isinstance(target, FunctionType) and (text := lambda_text(target.__code__)) is not None:
        return text
    try:
        text = textwrap.dedent(inspect.getsource(_written(target)))
    except (OSError, TypeError):
        return _bytecode(target.__code__) if isinstance(target, FunctionType) else target.__qualname__
    return "\n".join(line.rstrip() for line in text.splitlines())


def _bytecode(code: CodeType) -> list[Any]:
    """For code without a source file (`exec`, a notebook's magic): stable within one Python version only."""
    constants = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), constants]


def _layers(value: Any) -> Iterator[Any]:
    """A function and those that it wraps, down to the innermost; a class is its own."""
    seen: set[int] = set()
    while value is not None and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, FunctionType | type):
            yield value
        value = None if isinstance(value, type) else attribute(value, "__wrapped__")


def _functions(value: Any) -> Iterator[FunctionType]:
    """The functions behind a member of a class."""
    if isinstance(value, FunctionType):
        yield from _layers(value)
    elif isinstance(value, staticmethod | classmethod | property | cached_property | partialmethod) or callable(
        attribute(value, "__get__")
    ):
        inner = (attribute(value, name) for name in _INNER)
        yield from (one for one in inner if isinstance(one, FunctionType))


def _held(value: Any) -> dict[str, Any]:
    kind = cast("type[Any]", type(value))
    slots = (attribute(one, "__slots__") or () for one in kind.__mro__)
    names = chain.from_iterable((one,) if isinstance(one, str) else one for one in slots)
    held = {name: attribute(value, name) for name in names if name not in {"__dict__", "__weakref__"}}
    held.update(cast("dict[str, Any]", attribute(value, "__dict__") or {}))
    return {name: one for name, one in held.items() if not isinstance(attribute(kind, name), cached_property)}


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Every global and closure variable that the code names and that has a value by now, and names in modules."""
    names = _names(function.__code__)
    for name in sorted(names):
        if name in function.__globals__ and not name.startswith("__"):
            value = function.__globals__[name]
            yield from _in_module(name, value, names, set()) if isinstance(value, ModuleType) else [(name, value)]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _in_module(path: str, module: ModuleType, names: set[str], seen: set[int]) -> Iterator[tuple[str, Any]]:
    """What the code may mean by `module.name`, where the module is the project's."""
    file = attribute(module, "__file__")
    if not file or _is_installed(Path(file)) or module.__name__.partition(".")[0] == _OURS or id(module) in seen:
        return
    seen.add(id(module))
    for name in sorted(names & vars(module).keys()):
        value = vars(module)[name]
        if isinstance(value, ModuleType):
            yield from _in_module(f"{path}.{name}", value, names, seen)
        elif not name.startswith("__"):
            yield f"{path}.{name}", value


def _names(code: CodeType) -> set[str]:
    inner = (_names(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(chain(code.co_names, *inner))
