"""What a model's id says."""

from __future__ import annotations

import pytest

from otel_i2e.judge.model_names import generation_of, is_pinned, takes_temperature


@pytest.mark.parametrize(
    ("model", "generation", "pinned", "temperature"),
    [
        ("claude-sonnet-5-5", (5, 5), True, False),
        ("claude-opus-5", (5, 0), True, False),
        ("claude-opus-4-7", (4, 7), True, False),
        ("claude-sonnet-4-6", (4, 6), True, True),
        ("claude-sonnet-4-5", (4, 5), False, True),
        ("claude-sonnet-4-5-20250929", (4, 5), True, True),
        ("claude-opus-4-20250514", (4, 0), True, True),
        ("claude-3-5-haiku-latest", (3, 5), False, True),
        ("claude-3-5-haiku-20241022", (3, 5), True, True),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5), True, True),
        ("us.anthropic.claude-opus-4-7", (4, 7), True, False),
        ("claude-haiku-4-5@20251001", (4, 5), True, True),
        ("our-own-gateway", None, True, True),
        ("our-own-latest", None, False, True),
    ],
)
def test_ids_of_the_naming_scheme(
    model: str, generation: tuple[int, int] | None, *, pinned: bool, temperature: bool
) -> None:
    """From 4.6 on an id is pinned without a date; after 4.6 a temperature is refused."""
    assert (generation_of(model), is_pinned(model), takes_temperature(model)) == (generation, pinned, temperature)
