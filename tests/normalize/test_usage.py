"""Token counts, whoever counted."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize.usage import usage

NAMES = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4},
            (8, 2, 3, 4, None),
        ),
        (
            {"input_tokens": 8, "output_tokens": 2, "total_tokens": 10, "cache_read_input_tokens": 3},
            (8, 2, 3, None, None),
        ),
        (
            {
                "prompt_tokens": 8,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": 1},
            },
            (8, 2, 3, None, 1),
        ),
        (
            {"input_tokens": 8, "input_token_details": {"cache_read": 3, "cache_creation": 4}},
            (8, None, 3, 4, None),
        ),
        (
            {"prompt_tokens": 8, "completion_tokens": 2, "cache_read_input_tokens": 3, "total_tokens": 99},
            (8, 2, 3, None, None),
        ),
    ],
)
def test_input_always_counts_the_cache(sent: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    """Anthropic counts without it, all others with it."""
    counted = usage(sent)
    assert tuple(counted[name] for name in NAMES) == expected


@pytest.mark.parametrize("value", [None, "", "x", "[1]", 3, {}, "{}"])
def test_what_counts_nothing_says_nothing(value: Any) -> None:
    """No zero is made up."""
    assert usage(value) == {}


def test_what_was_written_for_a_time_counts() -> None:
    """LangChain tells the times apart and a `cache_creation` of 0; what is priced otherwise is apart, too."""
    details = {"cache_read": 1024, "cache_creation": 0, "ephemeral_5m_input_tokens": 517, "cache_read_over_200k": 6}
    found = usage({"input_tokens": 1752, "output_tokens": 89, "input_token_details": details})
    assert (found["input_tokens"], found["cache_write_tokens"], found["cache_read_tokens"]) == (1752, 517, 1030)


def test_anthropic_s_thinking_is_reasoning() -> None:
    """Its usage object has it among the details of the output."""
    assert usage({"output_tokens": 89, "output_tokens_details": {"thinking_tokens": 40}})["reasoning_tokens"] == 40
