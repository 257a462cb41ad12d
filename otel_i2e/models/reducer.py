"""From repeats to one verdict: how many must pass."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from pydantic import StringConstraints

__all__ = ["Reducer", "needed_passes"]

Reducer = Annotated[
    str, StringConstraints(pattern=r"^(all|any|at_least\([1-9][0-9]{0,3}\)|mean(\((0?\.[0-9]{1,4}|1|1\.0)\))?)$")
]
"""How many repeats of a case must pass: `all`, `any`, `at_least(k)`, `mean` (half of them) or `mean(0.8)`."""


def needed_passes(reducer: Reducer, repeats: int) -> int:
    """How many of `repeats` must pass; more than there are when `at_least` asks for more."""
    name, _, number = reducer.rstrip(")").partition("(")
    if name == "all":
        return max(repeats, 1)
    if name == "any":
        return 1
    if name == "at_least":
        return int(number)
    return max(1, ceil(float(number or "0.5") * repeats - 1e-9))
