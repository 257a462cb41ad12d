"""List prices."""

from __future__ import annotations

import pytest
from genai_prices import Usage, calc_price

from otel_i2e.normalize.prices import list_price


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("openai", "gpt-4o"),
        ("gcp.gemini", "gemini-2.5-pro"),
        ("aws.bedrock", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
    ],
)
@pytest.mark.parametrize("usage", [(900, 100, 0, 0), (1752, 41, 1024, 517), (250_000, 3, 0, 0), (200_000, 9, 100, 0)])
def test_the_price_is_that_of_genai_prices(provider: str, model: str, usage: tuple[int, int, int, int]) -> None:
    """Rates that were asked for once give what the library gives for every usage, price tiers included."""
    whole, output, read, written = usage
    asked = calc_price(
        Usage(input_tokens=whole, output_tokens=output, cache_read_tokens=read, cache_write_tokens=written),
        model,
        provider_id=provider,
    )
    found = list_price(
        provider, model, input_tokens=whole, output_tokens=output, cache_read_tokens=read, cache_write_tokens=written
    )
    assert found == pytest.approx(float(asked.total_price), rel=1e-6)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "openai/gpt-4o"),
        (None, "openai/gpt-4o"),
        (None, "gpt-4o"),
        ("my-gateway", "gpt-4o"),
        ("x_ai", "grok-4"),
    ],
)
def test_routers_prefixes_and_unknown_sellers_do_not_hide_a_price(provider: str | None, model: str) -> None:
    """The model is looked for by its provider, by anybody, and without a prefix."""
    assert list_price(provider, model, input_tokens=1000)


@pytest.mark.parametrize("model", [None, "", "no-such-model-anywhere", "a/b/c/"])
def test_an_unknown_model_has_no_price(model: str | None) -> None:
    """None, never 0."""
    assert list_price("anthropic", model, input_tokens=1000) is None


def test_what_is_kept_for_an_hour_costs_more() -> None:
    """A part of what was written to the cache, as genai-prices has it; a model without such a rate has one rate."""
    usage = {"input_tokens": 2000, "cache_write_tokens": 900, "cache_write_1h_tokens": 400}
    for provider, model in (("anthropic", "claude-haiku-4-5"), ("openai", "gpt-4o")):
        asked = calc_price(Usage(output_tokens=0, **usage), model, provider_id=provider)
        found = list_price(provider, model, **usage)
        assert found == pytest.approx(float(asked.total_price), rel=1e-6)
    short = list_price("anthropic", "claude-haiku-4-5", input_tokens=2000, cache_write_tokens=900)
    long = list_price("anthropic", "claude-haiku-4-5", **usage)
    assert short is not None
    assert long == pytest.approx(short + 400 * 0.75e-6)


def test_more_cache_than_input_costs_no_negative_input() -> None:
    """Nonsense from an emitter does not lower the price."""
    cost = list_price("anthropic", "claude-sonnet-4-5", input_tokens=10, cache_read_tokens=1000)
    assert cost is not None
    assert cost > 0


def test_the_price_is_that_of_the_day() -> None:
    """A call is priced as of its time, where the list knows a change of prices."""
    before = list_price("openai", "o3", input_tokens=1_000_000, at=1_746_000_000)  # April 2025
    after = list_price("openai", "o3", input_tokens=1_000_000, at=1_752_000_000)  # July 2025
    assert before is not None
    assert after is not None
    assert before > after
