"""Flattened attribute names → the structure they stand for.

`{"m.0.role": "user", "m.0.calls.0.name": "f"}` is the tree `{"m": {"0": {"role": …, "calls": {"0": …}}}}`;
`objects` gives what stands under numbers, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from otel_i2e.normalize.raw import Json, is_object

__all__ = ["objects", "tree"]

_DEEPEST: Final = 32
_LONGEST_NUMBER: Final = 9


def tree(attributes: Mapping[str, Any], *roots: str) -> Json:
    """The attributes whose names begin with a step in `roots`, by steps. Steps beyond 32 stay one step."""
    root: Json = {}
    for name, value in attributes.items():
        first, dot, rest = name.partition(".")
        if dot and first in roots:
            _put(root, [first, *rest.split(".", _DEEPEST)], value)
    return root


def objects(node: Any, *path: str, wrapper: str = "") -> list[Json]:
    """The objects under numbers at `path` below `node`, in order, gaps closed up; each out of its `wrapper` step."""
    for step in path:
        node = node.get(step) if is_object(node) else None
    if not is_object(node):
        return []
    steps = [step for step in node if len(step) <= _LONGEST_NUMBER and step.isascii() and step.isdecimal()]
    found: list[Any] = [node[step] for step in sorted(steps, key=int)]
    unwrapped = [item.get(wrapper, item) if wrapper else item for item in found if is_object(item)]
    return [item for item in unwrapped if is_object(item)]


def _put(node: Json, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        below = node.get(step)
        if not is_object(below):  # a leaf and a branch of one name: the branch says more
            below = node[step] = {}
        node = below
    if not isinstance(node.get(path[-1]), dict):
        node[path[-1]] = value
