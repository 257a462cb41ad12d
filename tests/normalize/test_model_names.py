"""Two names that may be one model."""

from __future__ import annotations

import pytest

from otel_i2e.normalize.model_names import may_be_one_model


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("claude-sonnet-5", "claude-sonnet-5-20261001"),
        ("openai/gpt-4.1-mini", "gpt-4.1-mini-2026-04-14"),
        ("us.anthropic.claude-sonnet-5-20261001-v1:0", "claude-sonnet-5@20261001"),
        ("claude-sonnet-5-latest", "claude-sonnet-5-20261001"),
        ("gpt-35-turbo", "GPT-3.5-turbo"),
    ],
)
def test_an_alias_and_its_snapshot_may_be_one(one: str, other: str) -> None:
    """With a router's or a cloud's prefix, too, and in any order."""
    assert may_be_one_model(one, other)
    assert may_be_one_model(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
        ("claude-sonnet-4", "claude-sonnet-4-5"),
        ("gpt-4o", "claude-sonnet-5"),
    ],
)
def test_sizes_generations_and_snapshots_are_models_of_their_own(one: str, other: str) -> None:
    """One that answered cannot be the other."""
    assert not may_be_one_model(one, other)
    assert not may_be_one_model(other, one)
