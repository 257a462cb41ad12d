"""A value of somebody's JSON as what it should be, and empty where it is something else or missing."""

from __future__ import annotations

from typing import Any

from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["first_known", "object_or_empty", "objects_in", "text_or_empty"]


def object_or_empty(value: Any) -> Json:
    """An object."""
    return value if is_object(value) else {}


def objects_in(value: Any) -> list[Json]:
    """The objects of a list, without what else is in it."""
    return [one for one in value if is_object(one)] if is_list(value) else []


def text_or_empty(value: Any) -> str:
    """Text."""
    return value if isinstance(value, str) else ""


def first_known(*holders: Json, names: tuple[str, ...]) -> Any:
    """What the first of `holders` that has one of `names` has there; None when none has."""
    return next((one[name] for one in holders for name in names if one.get(name) is not None), None)
