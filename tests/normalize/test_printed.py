"""Printed Python."""

from __future__ import annotations

import pytest

from otel_i2e.normalize.printed import given_only, printed


@pytest.mark.parametrize(
    ("text", "value"),
    [("{'a': None, 'b': [1, (2,)]}", {"a": None, "b": [1, (2,)]}), ("['x']", ["x"])],
)
def test_objects_and_lists_are_read(text: str, value: object) -> None:
    """As `repr` writes them."""
    assert printed(text) == value


@pytest.mark.parametrize(
    "value", ["", "text", "{broken", "[x for x in y]", "__import__('os')", "[" * 9_000, None, 7, {"a": 1}]
)
def test_anything_else_stays(value: object) -> None:
    """Nothing is run, nothing raises."""
    assert printed(value) is value


def test_long_text_is_not_parsed() -> None:
    """It costs 100 times what JSON costs."""
    assert printed("[1, 2]", longest=3) == "[1, 2]"


def test_arguments_that_were_not_given_are_left_out() -> None:
    """As the SDKs of OpenAI and Anthropic print them; what only looks like them was given."""
    omitted = {"top_p": "<openai.Omit object at 0x7f9ac453f950>", "seed": "NOT_GIVEN", "user": "<a.b.C object at 0x0>"}
    given = {"stop": "<end>", "model": "m", "n": 0, "note": "see <openai.Omit object at 0x7f9ac453f950>"}
    assert given_only({**omitted, **given}) == given
