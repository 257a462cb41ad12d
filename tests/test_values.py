"""An application's values as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from otel_i2e.values import as_text, to_json


@dataclass
class Point:
    """A dataclass."""

    x: int
    inner: Any = None


class Pair(NamedTuple):
    """A named tuple inside something else."""

    a: int


class Model(BaseModel):
    """A pydantic model."""

    name: str


class Hostile:
    """Raises when shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, True]}, {"a": [1, None, True]}),
        (Point(1, Model(name="m")), {"x": 1, "inner": {"name": "m"}}),
        ([{1}], [[1]]),
        ("ä", "ä"),
    ],
)
def test_known_shapes_become_their_fields(value: Any, expected: Any) -> None:
    """Models, dataclasses, sets and plain JSON."""
    assert json.loads(to_json(value)) == expected


def test_nothing_makes_it_raise() -> None:
    """Cycles, odd keys and objects that refuse to be shown."""
    cycle: list[Any] = []
    cycle.append(cycle)
    assert json.loads(to_json(cycle)) == "[[...]]"
    assert json.loads(to_json({(1, 2): 3})) == "{(1, 2): 3}"
    assert json.loads(to_json([Hostile()])) == ["<Hostile>"]
    assert json.loads(to_json({(1,): Hostile()})) == "<dict>"


def test_text_stays_text_and_says_so() -> None:
    """The MIME type tells a reader which it is."""
    assert as_text("hi") == ("hi", "text/plain")
    assert as_text({"a": 1}) == ('{"a": 1}', "application/json")


def test_bytes_are_the_text_in_them() -> None:
    """Where they are UTF-8; others are an object without a text form."""
    assert as_text("Müll".encode()) == ("Müll", "text/plain")
    assert json.loads(to_json({"a": bytearray("Müll".encode())})) == {"a": "Müll"}
    assert as_text("Müll".encode("latin-1"))[0] == "<bytes object of 4 bytes>"
