"""What a call cost by list prices, from the tables of genai-prices.

genai-prices needs 90 µs for a calculation, as much as everything else that is done to a span. Its
prices are linear in each kind of token within a price tier, so each model's rates are asked for once per
tier and half hour (list prices change by date, some by time of day), and the rest is arithmetic.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

__all__ = ["list_price"]

_PERIOD: Final = 1800
_PROBE: Final = 1000
_IDS: Final = {"x_ai": "x-ai", "mistral_ai": "mistral", "moonshot_ai": "moonshotai", "gcp.gen_ai": "google"}


class _Rates(NamedTuple):
    """US dollars a token, for calls with more input tokens than `above`."""

    above: int
    input: float
    cache_read: float
    cache_write: float
    cache_write_1h: float
    output: float


def list_price(
    provider: str | None,
    model: str | None,
    *,
    input_tokens: int,
    output_tokens: int = 0,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    cache_write_1h_tokens: int = 0,
    at: int = 0,
) -> float | None:
    """US dollars of one call; None when the model has no known price.

    `input_tokens` includes what was read from and written to the cache, `cache_write_tokens` those that were written
    for an hour and not for five minutes (`cache_write_1h_tokens`), which cost more; `at` is in seconds since the
    epoch, 0 is unknown and priced as of now.
    """
    if not model:
        return None
    tiers = _tiers(provider, model, at // _PERIOD)
    if not tiers:
        return None
    rates = tiers[-1]
    for tier in tiers[:-1]:
        if input_tokens > tier.above:
            rates = tier
            break
    plain = max(0, input_tokens - cache_read_tokens - cache_write_tokens)
    hourly = min(cache_write_1h_tokens, cache_write_tokens)
    dollars = (
        plain * rates.input
        + cache_read_tokens * rates.cache_read
        + (cache_write_tokens - hourly) * rates.cache_write
        + hourly * rates.cache_write_1h
        + output_tokens * rates.output
    )
    return round(dollars, 10)


@lru_cache(maxsize=2048)
def _tiers(provider: str | None, model: str, period: int) -> tuple[_Rates, ...]:
    """The model's price tiers, the highest first; none when it has no known price."""
    at = datetime.fromtimestamp(period * _PERIOD, UTC) if period else None
    for name, seller in _spellings(provider, model):
        try:
            return _ask(name, seller, at)
        except (LookupError, ValueError):
            continue
    return ()


def _spellings(provider: str | None, model: str) -> list[tuple[str, str | None]]:
    """The model as sent, by its provider and by anybody; then without a router's prefix such as `openai/`."""
    seller = _IDS.get(provider or "", provider)
    tried: list[tuple[str, str | None]] = [(model, seller), (model, None)]
    prefix, slash, bare = model.rpartition("/")
    if slash:
        tried += [(bare, prefix.rpartition("/")[2]), (bare, seller), (bare, None)]
    return tried


def _ask(model: str, provider: str | None, at: datetime | None) -> tuple[_Rates, ...]:
    from genai_prices import Usage, calc_price  # 130 ms to import: only a process that prices pays

    def price(**tokens: int) -> Any:
        return calc_price(Usage(**tokens), model, provider_id=provider, genai_request_timestamp=at)

    costs: dict[str, Any] = price(input_tokens=0, output_tokens=0).model_price.__dict__
    starts = {tier.start for cost in costs.values() for tier in getattr(cost, "tiers", ())}
    return tuple(_rates(price, above) for above in sorted({0, *starts}, reverse=True))


def _rates(price: Any, above: int) -> _Rates:
    n = above + _PROBE

    def total(**tokens: int) -> float:
        return float(price(**{"input_tokens": n, "output_tokens": 0, **tokens}).total_price)

    plain = total()
    return _Rates(
        above,
        plain / n,
        total(cache_read_tokens=n) / n,
        total(cache_write_tokens=n) / n,
        total(cache_write_tokens=n, cache_write_1h_tokens=n) / n,
        (total(output_tokens=n) - plain) / n,
    )
