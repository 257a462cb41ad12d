"""Whatever was sent has the shape that is read, or none."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize.or_empty import first_known, object_or_empty, objects_in, text_or_empty


@pytest.mark.parametrize("value", [None, 1, True, "text", [], [{"a": 1}, "b"], {"a": 1}])
def test_another_shape_is_an_empty_one(value: Any) -> None:
    """Never an error, and never the value itself."""
    assert object_or_empty(value) == (value if isinstance(value, dict) else {})
    assert objects_in(value) == ([{"a": 1}] if value == [{"a": 1}, "b"] else [])
    assert text_or_empty(value) == ("text" if value == "text" else "")


def test_the_first_holder_that_knows_is_asked() -> None:
    """By each of the names; what is false is known, what is null is not."""
    assert first_known({"b": 0}, {"a": 1}, names=("a", "b")) == 0
    assert first_known({"a": None}, {"a": 1}, names=("a", "b")) == 1
    assert first_known({}, {"c": 1}, names=("a", "b")) is None
