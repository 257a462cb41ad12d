"""How much content says."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize.richness import richness


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("abc", 3),
        ("__REDACTED__", 0),
        (None, 0),
        (12.5, 4),
        ([{"role": "user", "parts": [{"type": "text", "content": "hi"}], "name": None}], 2),
        ([{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"city": "Bo"}}], 9),
    ],
)
def test_only_what_is_said_counts(value: Any, said: int) -> None:
    """Form, placeholders and nulls say nothing."""
    assert richness(value) == said


def test_depth_does_not_matter() -> None:
    """JSON of a thousand levels is weighed without a call for each."""
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    assert richness(deep) == 1
