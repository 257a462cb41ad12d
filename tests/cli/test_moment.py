"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from otel_i2e.cli.moment import SINCE, UNTIL


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T14:00Z", datetime(2026, 1, 31, 14, tzinfo=UTC)),
        ("2026-01-31 14:00:30+02:00", datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31).astimezone(UTC)),
        ("20260131T1400", datetime(2026, 1, 31, 14).astimezone(UTC)),
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_moment(text: object, moment: datetime) -> None:
    """Of ISO 8601, with a time or without; in this machine's time zone unless it names one."""
    assert SINCE.convert(text, None, None) == moment


def test_a_duration_is_a_moment_so_long_ago() -> None:
    """As everywhere else."""
    before = datetime.now(UTC)
    moment = SINCE.convert("90m", None, None)
    assert before - timedelta(minutes=90) <= moment <= datetime.now(UTC) - timedelta(minutes=90)


def test_yesterday_is_the_midnight_before_this_one() -> None:
    """In this machine's time zone."""
    today, yesterday = (SINCE.convert(word, None, None).astimezone() for word in ("today", "Yesterday"))
    assert (today.hour, today.minute, yesterday.hour, yesterday.minute) == (0, 0, 0, 0)
    assert yesterday < today <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "31.01.2026", "", "-1h"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    """One line that names what was got."""
    with pytest.raises(click.BadParameter, match="is neither a duration nor a date; write 30m, 24h, 7d, 2026-01-31"):
        SINCE.convert(text, None, None)


def test_until_a_date_is_the_time_that_is_left() -> None:
    """And a duration is itself."""
    assert UNTIL.convert("7d", None, None) == timedelta(days=7)
    soon = datetime.now(UTC) + timedelta(days=3)
    left = UNTIL.convert(soon.isoformat(), None, None)
    assert timedelta(days=3) - timedelta(minutes=1) < left <= timedelta(days=3)


@pytest.mark.parametrize(
    ("text", "said"), [("2020-01-31", "is in the past"), ("soon", "neither a duration nor a date")]
)
def test_what_is_no_later_moment_is_refused(text: str, said: str) -> None:
    """In one line that says what to write."""
    with pytest.raises(click.BadParameter, match=said):
        UNTIL.convert(text, None, None)
