"""The identity of another library's scorer: its class, its plain parameters, its package's version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from otel_i2e.score.identity import hash_of

__all__ = ["foreign_version"]


def foreign_version(scorer: Any, threshold: float | None) -> str:
    """12 hex digits. Parameters that are no plain values (a client, a function) are not part of it."""
    kind = cast("type[Any]", type(scorer))
    package = kind.__module__.partition(".")[0]
    plain = {name: value for name, value in cast("dict[str, Any]", vars(scorer)).items() if _is_plain(value)}
    return hash_of([kind.__module__, kind.__qualname__, _version(package), plain, threshold])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # the project's own
        return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, cast("list[Any]", value)))
    return value is None or isinstance(value, str | int | float | bool)
