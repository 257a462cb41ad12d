"""What objects of well-known classes hold that a scorer's code may name: what decides, and nothing that use changes.

Of any other object of another package nothing is read: a client has keys, connections and caches.
"""

from __future__ import annotations

from argparse import Namespace
from collections import UserList, UserString
from operator import attrgetter, itemgetter, methodcaller
from string import Template
from struct import Struct
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Final, Literal, NewType, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

__all__ = ["declared", "known_state"]

_HOLD: Final[tuple[tuple[type | tuple[type, ...], tuple[str, ...]], ...]] = (
    (Template, ("template",)),
    (Struct, ("format",)),
    ((UserList, UserString), ("data",)),
    (TypeAdapter, ("_type", "_config")),
    (FieldInfo, ("annotation", "default", "default_factory", "discriminator", "metadata")),
    (NewType, ("__supertype__",)),
)
"""Classes → the attributes that decide."""
_FORMS: Final[dict[Any, str]] = {
    Annotated: "Annotated",
    Literal: "Literal",
    Union: "Union",
    UnionType: "Union",
}
"""What types are made by that is a class in one version of Python and none in the next."""
_GETTERS: Final = (itemgetter, attrgetter, methodcaller)
_NAMESPACES: Final = (SimpleNamespace, Namespace)
_METADATA: Final = "BaseMetadata"
"""The class of annotated-types of which a constraint of pydantic is one."""


def known_state(value: Any) -> Any:
    """What it holds, by name or in order; None of an object of any other class.

    Of a type it is what the type is made of, as of `Annotated[int, Field(ge=0)]`; of an object of attrs (a validator
    of jsonschema) its fields, but for those that it does not show.
    """
    if (origin := get_origin(value)) is not None:
        return [_FORMS.get(origin, origin), *get_args(value)]
    for kinds, names in _HOLD:
        if isinstance(value, kinds):
            held = {name: getattr(cast("Any", value), name, None) for name in names}
            return {name: one for name, one in held.items() if one is not None}
    if isinstance(value, _GETTERS):
        return cast("Any", value).__reduce__()[1]
    if isinstance(value, _NAMESPACES) or any(one.__name__ == _METADATA for one in type(value).__mro__):
        return dict(cast("dict[str, Any]", getattr(value, "__dict__", {}))) or None
    attrs = getattr(cast("Any", type(value)), "__attrs_attrs__", None)
    if isinstance(attrs, tuple):
        return {one.name: getattr(value, one.name, None) for one in cast("tuple[Any, ...]", attrs) if one.repr}
    return None


def declared(kind: type) -> dict[str, Any]:
    """The fields of a model of pydantic, by name, with what a name in an annotation stands for."""
    return dict(kind.model_fields) if issubclass(kind, BaseModel) else {}
