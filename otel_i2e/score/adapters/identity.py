"""The definition of another library's scorer: its class, its parameters, its package's version.

A class that the project wrote on top of the library's is code of the project, and followed like a scorer's.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from otel_i2e.models import Definition, Json
from otel_i2e.redact.shapes import SECRET_NAME
from otel_i2e.score.identity import code_definition, hash_of
from otel_i2e.score.named_code import NamedCode, attribute, is_of_project
from otel_i2e.score.storable import storable_json

__all__ = ["asked_model", "foreign_definition"]


def foreign_definition(scorer: Any, threshold: float | None, prompts: Json | None = None) -> Definition:
    """What it holds: values, also within lists, dicts, models and scorers that it was given, and functions of the
    project. Keys and tokens are no part of it, nor are other objects of other packages (a client); of `prompts`, by
    name, what they say.
    """
    kind = cast("type[Any]", type(scorer))
    package = kind.__module__.partition(".")[0]
    values = {**cast("dict[str, Any]", vars(scorer)), **(prompts or {})}
    plain = {name: value for name, value in values.items() if _is_plain(value) and not SECRET_NAME.search(name)}
    if is_of_project(kind):
        return code_definition(scorer, {**plain, "threshold": threshold})
    walk = NamedCode(_nothing)
    rest = {name: walk.value(_opened(value)) for name, value in values.items() if not _is_plain(value)}
    held = {name: value for name, value in rest.items() if value is not None and not SECRET_NAME.search(name)}
    code = walk.parts()[1:]
    release = _version(package)
    what = [kind.__module__, kind.__qualname__, release, plain, threshold]
    return Definition(
        version=hash_of([*what, held, code] if held else what),
        text="\n\n".join(
            [f"{kind.__module__}.{kind.__qualname__}", *(str(part.source) for part in code if part.source)]
        ),
        parameters=storable_json({**plain, **held, "package": f"{package} {release}", "threshold": threshold}),
    )


def asked_model(model: Any) -> str:
    """The name of the model that a scorer asks: it is one name, or an object that has one."""
    names = (model, *(attribute(model, name) for name in ("model_name", "model", "name")))
    return next((name for name in names if isinstance(name, str) and name), "unknown model")


def _nothing() -> None:
    """Where the walk begins: it names nothing."""


def _opened(value: Any) -> Any:
    """`value` without entries of dicts whose name says that they are a key or a token; a scorer of autoevals within
    another as what it is and holds.
    """
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value).items()
        return {key: _opened(one) for key, one in entries if not SECRET_NAME.search(str(key))}
    if isinstance(value, list | tuple):
        return [_opened(one) for one in cast("list[Any]", value)]
    kind = cast("type[Any]", type(value))
    if callable(attribute(kind, "eval_async")) and not is_of_project(kind):
        return [f"{kind.__module__}.{kind.__qualname__}", _opened(vars(value))]
    return value


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # the project's own
        return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, cast("list[Any]", value)))
    return value is None or isinstance(value, str | int | float | bool)
