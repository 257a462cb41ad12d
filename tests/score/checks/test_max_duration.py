"""`max_duration`: no longer than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt
from otel_i2e.score.checks.max_duration import max_duration

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("argument", "milliseconds", "passes"),
    [
        ("800ms", 800.0, True),
        ("800 ms", 800.1, False),
        ("2s", 1999.0, True),
        ("0.5m", 30_001.0, False),
        ("0s", 1.0, False),
    ],
)
def test_up_to_the_limit_passes(attempt: Try, argument: str, milliseconds: float, passes: bool) -> None:
    """In milliseconds, seconds or minutes."""
    assert attempt(max_duration(argument), duration_ms=milliseconds).passed is passes


@pytest.mark.parametrize("argument", [2, 2000, "2", "2h", "s", "-1s", "infs", "nans", "2sm", None, {"seconds": 2}])
def test_a_duration_without_unit_is_refused(argument: Any) -> None:
    """2000 might be milliseconds or half an hour."""
    with pytest.raises(ScorerError, match=r"^max_duration: .* is not a duration with its unit; write '800ms' or '2s'$"):
        max_duration(argument)
