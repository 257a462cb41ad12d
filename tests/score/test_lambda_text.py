"""The text of one lambda of several on a line."""

from __future__ import annotations

from collections.abc import Callable

from otel_i2e.score.lambda_text import lambda_text

# fmt: off
PAIR: tuple[Callable[[str], bool], Callable[[str], bool]] = (lambda output: "a" in output, lambda output: "b" in output)
NESTED: Callable[[int], Callable[[int], int]] = lambda one: lambda other: one + other  # noqa: E731
ALONE: Callable[[str], bool] = lambda output: not output  # noqa: E731
# fmt: on


def test_each_of_several_has_its_own_text() -> None:
    """Though `inspect` gives the same line for both."""
    assert [lambda_text(one.__code__) for one in PAIR] == [
        'lambda output: "a" in output',
        'lambda output: "b" in output',
    ]


def test_of_two_within_one_another_each_has_its_own() -> None:
    """The inner one is the narrowest around its instructions."""
    assert lambda_text(NESTED.__code__) == "lambda one: lambda other: one + other"
    assert lambda_text(NESTED(1).__code__) == "lambda other: one + other"


def test_other_code_has_none() -> None:
    """A function, a lambda that is alone on its line, and code without a file."""
    without_file: Callable[[], int] = eval("(lambda: 1, lambda: 2)[0]")
    for one in (_named, ALONE, without_file):
        assert lambda_text(one.__code__) is None


def _named(output: str) -> bool:
    return bool(output)
