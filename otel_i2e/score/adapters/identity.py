"""The definition of another library's scorer: its class, its plain parameters, its package's version.

A class that the project wrote on top of the library's is code of the project, and followed like a scorer's.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from otel_i2e.models import Definition
from otel_i2e.score.identity import code_definition, hash_of
from otel_i2e.score.named_code import is_of_project
from otel_i2e.score.storable import storable_json

__all__ = ["foreign_definition"]


def foreign_definition(scorer: Any, threshold: float | None) -> Definition:
    """Parameters that are no plain values (a client, a function) are not part of it."""
    kind = cast("type[Any]", type(scorer))
    package = kind.__module__.partition(".")[0]
    plain = {name: value for name, value in cast("dict[str, Any]", vars(scorer)).items() if _is_plain(value)}
    if is_of_project(kind):
        return code_definition(scorer, {**plain, "threshold": threshold})
    release = _version(package)
    return Definition(
        version=hash_of([kind.__module__, kind.__qualname__, release, plain, threshold]),
        text=f"{kind.__module__}.{kind.__qualname__}",
        parameters=storable_json({**plain, "package": f"{package} {release}", "threshold": threshold}),
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # the project's own
        return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, cast("list[Any]", value)))
    return value is None or isinstance(value, str | int | float | bool)
