"""Costs of verdicts at list prices."""

from __future__ import annotations

import pytest
from genai_prices import Usage, calc_price

from otel_i2e.judge.price import Tokens, cost_of


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5", "claude-opus-4-6"])
@pytest.mark.parametrize(
    "tokens", [Tokens(500, 0, 0, 60), Tokens(7, 3000, 0, 1), Tokens(1, 2, 3, 4), Tokens(150_000, 60_000, 9, 8)]
)
def test_prices_are_those_of_the_library(model: str, tokens: Tokens) -> None:
    """Prices are looked up once a day and multiplied; where they go by how many there are, the library counts."""
    usage = Usage(
        input_tokens=tokens.all_input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        output_tokens=tokens.output,
    )
    whole = float(calc_price(usage, model, provider_id="anthropic").total_price)
    assert cost_of(model, tokens) == pytest.approx(whole, rel=1e-9)
    assert cost_of(model, tokens, batch=True) == pytest.approx(whole / 2, rel=1e-9)


def test_what_is_read_from_the_cache_costs_less() -> None:
    """And what is written into it costs more."""
    plain, read, written = (
        cost_of("claude-sonnet-5", Tokens(*counts)) or 0.0
        for counts in [(900, 0, 0, 9), (0, 900, 0, 9), (0, 0, 900, 9)]
    )
    assert read < plain < written


def test_a_model_without_a_list_price_costs_an_unknown_amount() -> None:
    """Unknown is None, never zero."""
    assert cost_of("claude-of-tomorrow", Tokens(1, 1, 1, 1)) is None
