"""A scorer changes with what objects of well-known classes hold, and with nothing that each process has anew."""

from __future__ import annotations

from argparse import Namespace
from collections import UserList, UserString
from collections.abc import Callable
from functools import singledispatch
from operator import attrgetter, itemgetter, methodcaller
from string import Template
from struct import Struct
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NewType

import pytest
from jsonschema import Draft7Validator
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, create_model

from otel_i2e.score import scorer


def version(value: Any) -> str:
    """Of a scorer that names `value`."""

    def check(output: str) -> bool:
        return output == value

    return scorer(name="s")(check).version


def by_type(name: str) -> Any:
    """A generic function that has another function for strings."""

    @singledispatch
    def measured(value: object) -> int:
        return 0

    def of_a_text(value: str) -> int:
        return len(value)

    def of_a_name(value: str) -> int:
        return len(value.strip())

    measured.register(str, of_a_name if name == "name" else of_a_text)
    return measured


def made_by(grade: float) -> type:
    """A class whose class decides."""

    class Meta(type):
        def __call__(cls) -> float:
            return grade

    return Meta("Made", (), {})


def keyed(text: str) -> dict[Any, int]:
    """By functions, which show their addresses, and a set, which shows any order."""
    return {(lambda: text): 1, (lambda: text + text): 2, frozenset("abcdefgh" + text): 3}


def deep(value: str) -> dict[str, Any]:
    """A schema of nine objects within one another."""
    schema: dict[str, Any] = {"type": value}
    for _ in range(9):
        schema = {"type": "object", "properties": {"in": schema}}
    return schema


def round_and_round(value: str) -> list[Any]:
    """A list that stands in itself."""
    values: list[Any] = [value]
    values.append(values)
    return values


def at_least(least: int) -> Any:
    """A type with a constraint."""
    return Annotated[int, Field(ge=least)]


MAKERS: list[tuple[Callable[[Any], Any], Any, Any]] = [
    (lambda kind: Draft7Validator({"type": kind}), "object", "array"),
    (lambda least: TypeAdapter(at_least(least)), 0, 5),
    (lambda least: create_model("Order", days=(at_least(least), ...)), 0, 5),
    (lambda days: create_model("Order", days=(int, days)), 0, 5),
    (lambda least: list[at_least(least)], 0, 5),
    (lambda least: dict[str, Annotated[int, Field(multiple_of=least)]], 1, 5),
    (lambda pattern: Annotated[str, Field(pattern=pattern)], "a", "b"),
    (lambda word: Annotated[str, AfterValidator(lambda text: text + word)], "a", "b"),  # pyright: ignore[reportUnknownLambdaType] -- a value
    (lambda word: Literal[word], "a", "b"),
    (lambda kind: kind | None, int, str),
    (lambda kind: NewType("Days", kind), int, str),  # pyright: ignore[reportGeneralTypeIssues] -- a value
    (Template, "$a", "$b"),
    (Struct, ">i", "<i"),
    (UserList[str], ["a"], ["b"]),
    (UserString, "a", "b"),
    (itemgetter, 0, 1),
    (attrgetter, "a", "b"),
    (methodcaller, "lower", "upper"),
    (lambda limit: SimpleNamespace(limit=limit, version="1"), 1, 2),
    (lambda limit: {"in": [Namespace(limit=limit)]}, 1, 2),
    (by_type, "text", "name"),
    (made_by, 0.0, 1.0),
    (keyed, "a", "b"),
    (deep, "string", "integer"),
    (round_and_round, "a", "b"),
]


@pytest.mark.parametrize(("make", "one", "other"), MAKERS)
def test_another_state_is_another_version(make: Callable[[Any], Any], one: Any, other: Any) -> None:
    """And the same state is the same, whichever object has it."""
    assert version(make(one)) != version(make(other))
    assert version(make(one)) == version(make(one))


def test_a_named_constraint_in_a_model_counts_like_one_written_inline() -> None:
    """The text of the class has its name only."""

    def order(least: int) -> type[BaseModel]:
        space: dict[str, Any] = {"Days": at_least(least), "BaseModel": BaseModel, "__name__": __name__}
        text = "class Order(BaseModel):\n    days: Days"
        exec(compile(text, __file__, "exec", dont_inherit=True), space)  # annotations as they are, no texts
        return space["Order"]

    assert version(order(0)) == version(order(0)) != version(order(5))


def test_what_use_changes_is_no_part_of_the_version() -> None:
    """A validator remembers what it has resolved."""
    validator = Draft7Validator({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"})
    before = version(validator)
    validator.validate("a")  # pyright: ignore[reportUnknownMemberType] -- its stubs
    assert version(validator) == before
