"""A changed constant is another scorer, whatever kind of value it is."""

from __future__ import annotations

import datetime
import re
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from otel_i2e.models import Document
from otel_i2e.score import scorer
from otel_i2e.score.constants import constant


def version(value: Any) -> str:
    """Of a scorer that names `value`."""

    def check(output: str) -> bool:
        return output == value

    return scorer(name="s")(check).version


class Mood(Enum):
    """Of this file, as a project's are."""

    CALM = "calm"
    CROSS = "cross"


class Table(dict[str, int]):
    """A dict of the project, with a scorer in it."""

    def check(self, output: str) -> bool:
        """Whether it is long."""
        return len(output) > self["n"]


class Limits(list[int]):
    """A list of the project."""


@dataclass
class Most:
    """A limit of the project."""

    at: Decimal


def numpy_array(data: bytes, kind: str = "int64") -> Any:
    """What is asked of one, as numpy has it; the package is not among those that we test with."""
    dtype: Any = SimpleNamespace(hasobject=False, kind=kind)
    array = type("ndarray", (SimpleNamespace,), {"__module__": "numpy"})
    return array(dtype=dtype, shape=(1,), tobytes=lambda: data)


PAIRS: list[tuple[Any, Any]] = [
    (Decimal("0.5"), Decimal("0.9")),
    (Fraction(1, 2), Fraction(1, 3)),
    (1 + 2j, 1 + 3j),
    (range(3), range(4)),
    (slice(1), slice(2)),
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
    (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)),
    (datetime.timedelta(1), datetime.timedelta(2)),
    (ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris")),
    (Path("a"), Path("b")),
    (UUID(int=1), UUID(int=2)),
    (deque([1]), deque([2])),
    (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)),
    (defaultdict(int), defaultdict(list)),
    (defaultdict(lambda: 1), defaultdict(lambda: 2)),
    (memoryview(b"a"), memoryview(b"b")),
    (bytearray(b"a"), bytearray(b"b")),
    (numpy_array(b"3"), numpy_array(b"4")),
    (numpy_array(b"3"), numpy_array(b"3", "float64")),
    (Mood.CALM, Mood.CROSS),
    (Table(n=3), Table(n=4)),
    (Limits([3]), Limits([4])),
    (Most(Decimal(1)), Most(Decimal(2))),
    ([{"at": Decimal(1)}], [{"at": Decimal(2)}]),
    (Document(id="a", content="x"), Document(id="a", content="y")),
    (lambda text: text, lambda text: text[:1]),  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType] -- a value
    (re.compile("a"), re.compile("b")),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda value: type(value).__name__)
def test_another_value_is_another_version(one: Any, other: Any) -> None:
    """And the same value is the same."""
    assert version(one) != version(other)
    assert version(one) == version(one)


def test_a_method_of_a_dict_knows_what_is_in_it() -> None:
    """As of any object."""
    assert scorer(name="s")(Table(n=3).check).version != scorer(name="s")(Table(n=4).check).version
    assert scorer(name="s")(Table(n=3).check).version == scorer(name="s")(Table(n=3).check).version


def test_two_lambdas_on_one_line_are_two() -> None:
    """Also where one stands within the other."""
    make: Callable[[], list[Any]] = lambda: [lambda output: output > "1", lambda output: output > "2"]  # noqa: E731  # pyright: ignore[reportUnknownLambdaType] -- on one line
    one, other = make()
    assert scorer(name="s")(one).version != scorer(name="s")(other).version
    assert scorer(name="s")(one).version == scorer(name="s")(make()[0]).version


@pytest.mark.parametrize("checkout", ["home/ada/shop", "builds/7/shop"])
def test_a_path_in_the_project_is_the_same_in_every_checkout(tmp_path: Path, checkout: str) -> None:
    """Beside the scorer or above it; a path elsewhere is that path."""
    folder = tmp_path / checkout / "evals" / "scorers"
    assert constant(folder / "words.txt", folder) == ["path", "words.txt"]
    assert constant(tmp_path / checkout / "data", folder) == ["path", "../../data"]
    assert constant(tmp_path / "words.txt", folder) == ["path", (tmp_path / "words.txt").as_posix()]
    assert constant(Path("words.txt"), None) == ["path", "words.txt"]
    assert constant(object(), folder) is None
