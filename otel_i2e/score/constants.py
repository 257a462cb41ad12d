"""Values that a scorer's code may name as constants, as JSON: another value is another JSON, in every process."""

from __future__ import annotations

import array
import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path, PurePath
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

__all__ = ["constant", "fields_of"]

_NUMBERS: Final = (complex, Decimal, Fraction, range, slice, array.array)
_TIMES: Final = (datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, ZoneInfo)
_NAMES: Final = (UUID, IPv4Address, IPv4Network, IPv6Address, IPv6Network)
_ABOVE: Final = 2
"""Folders above that of the scorer which are still the project: a path below them is named from there."""


def constant(value: Any, folder: Path | None) -> Any:
    """A number, time, name, path or array that is no JSON, as JSON; None for any other value.

    `folder` is the scorer's: a path near it is relative, so that the version is that of every checkout.
    """
    kind = type(value).__name__
    if isinstance(value, (*_NUMBERS, *_TIMES, *_NAMES)):
        return [kind, repr(cast("Any", value))]
    if isinstance(value, bytearray | memoryview):
        return [kind, bytes(cast("Any", value)).hex()]
    if isinstance(value, PurePath):
        return ["path", _named(value, folder)]
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tobytes"):
        return _array(value)
    return None


def fields_of(value: Any) -> dict[str, Any] | None:
    """What a dataclass, a model of pydantic or a member of an enumeration holds, by name; None of anything else."""
    if isinstance(value, Enum):
        return {value.name: value.value}
    if isinstance(value, BaseModel):
        return dict(_pairs(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name, None) for one in fields(value)}
    return None


def _pairs(model: BaseModel) -> Iterable[tuple[str, Any]]:
    return ((name, getattr(model, name, None)) for name in type(model).model_fields)


def _named(path: PurePath, folder: Path | None) -> str:
    if folder is None or not path.is_absolute():
        return path.as_posix()
    for steps, above in enumerate([folder, *folder.parents][: _ABOVE + 1]):
        if above != above.parent and path.is_relative_to(above):
            return "/".join([*[".."] * steps, path.relative_to(above).as_posix()])
    return path.as_posix()


def _array(value: Any) -> Any:
    """Of numpy: type, shape, and a hash of what is in it; of objects as they show themselves."""
    held = repr(cast("list[Any]", value.tolist())).encode() if value.dtype.hasobject else cast("bytes", value.tobytes())
    return [str(value.dtype), list(cast("tuple[int, ...]", value.shape)), hashlib.sha256(held).hexdigest()]
