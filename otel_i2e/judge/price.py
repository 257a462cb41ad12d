"""What a verdict cost, at the list prices that genai-prices keeps."""

from __future__ import annotations

from anthropic.types import Usage
from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

__all__ = ["cost_of", "input_tokens_of"]


def input_tokens_of(usage: Usage) -> int:
    """All input, cached included (the API counts what was cached apart)."""
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


def cost_of(model: str, usage: Usage) -> float | None:
    """US dollars; None when the model has no list price."""
    tokens = PricedUsage(
        input_tokens=input_tokens_of(usage),
        cache_read_tokens=usage.cache_read_input_tokens or 0,
        cache_write_tokens=usage.cache_creation_input_tokens or 0,
        output_tokens=usage.output_tokens,
    )
    try:
        return float(calc_price(tokens, model, provider_id="anthropic").total_price)
    except (LookupError, ValueError):
        return None
