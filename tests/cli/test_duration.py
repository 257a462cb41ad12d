"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from otel_i2e.cli.duration import DURATION


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 1.5 h ", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("999999w", timedelta(days=36_500)),
        (timedelta(1), timedelta(1)),
    ],
)
def test_number_and_unit(text: object, duration: timedelta) -> None:
    """Seconds, minutes, hours, days, weeks; never beyond a hundred years."""
    assert DURATION.convert(text, None, None) == duration


@pytest.mark.parametrize("text", ["24", "h", "-1h", "1y", "1h30m", "", "1e9h", "\u0661h "])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """One line that names what was got."""
    with pytest.raises(
        click.BadParameter, match=r"is not a duration; write a number and a unit: 90s, 30m, 24h, 7d, 2w"
    ):
        DURATION.convert(text, None, None)
