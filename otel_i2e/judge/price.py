"""What a verdict cost, at the list prices that genai-prices keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from genai_prices import Usage, calc_price
from genai_prices.types import PriceCalculation

__all__ = ["Tokens", "cost_of"]

_MANY: Final = 1_000_000
_BATCH: Final = 0.5
"""Message Batches cost half, cached tokens too (platform.claude.com/docs/en/build-with-claude/batch-processing)."""


class Tokens(NamedTuple):
    """What the API counted. The four parts do not overlap."""

    input: int
    """Input that neither came from the prompt cache nor was written to it."""
    cache_read: int
    """Input read from the prompt cache."""
    cache_write: int
    """Input written to the prompt cache."""
    output: int
    """All output, thinking included."""

    @property
    def all_input(self) -> int:
        """All input, cached included."""
        return self.input + self.cache_read + self.cache_write


def cost_of(model: str, tokens: Tokens, *, batch: bool = False) -> float | None:
    """US dollars, at the prices of Message Batches with `batch`; None when the model has no list price."""
    try:
        prices = _prices(model, datetime.now(UTC).date())
        if prices is None:
            cost = float(_priced(model, tokens).total_price)
        else:
            cost = sum(count * price for count, price in zip(tokens, prices, strict=True))
    except (LookupError, ValueError):
        return None
    return cost * _BATCH if batch else cost


@lru_cache(maxsize=256)
def _prices(model: str, _day: date) -> tuple[float, ...] | None:
    """US dollars a token, by kind of token; None where the price goes by how many there are. Looked up once a day."""
    found = vars(_priced(model, Tokens(1, 1, 1, 1)).model_price)
    if any(not isinstance(price, Decimal) for price in found.values() if price is not None):
        return None
    each = (Tokens(*(_MANY if kind == place else 0 for kind in range(4))) for place in range(4))
    return tuple(float(_priced(model, one).total_price / _MANY) for one in each)


def _priced(model: str, tokens: Tokens) -> PriceCalculation:
    usage = Usage(
        input_tokens=tokens.all_input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        output_tokens=tokens.output,
    )
    return calc_price(usage, model, provider_id="anthropic")
