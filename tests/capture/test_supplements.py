"""Supplements wait for their spans, a bounded number of them."""

from __future__ import annotations

from otel_i2e.capture import supplements
from otel_i2e.capture.supplements import ExtraEvent, add_supplement, take_supplement


class _Nothing:
    def complete(self, attributes: dict[str, object], *, failed: bool) -> list[ExtraEvent]:
        return [ExtraEvent("none", 0, attributes)] if failed else []


def test_the_last_supplement_of_a_span_counts() -> None:
    """A retry replaces what its failed attempt left."""
    first, second = _Nothing(), _Nothing()
    add_supplement(11, first)
    add_supplement(11, second)
    assert take_supplement(11) is second
    assert take_supplement(11) is None


def test_spans_that_never_end_do_not_fill_the_memory() -> None:
    """Beyond the limit the oldest are forgotten."""
    ids = range(10**9, 10**9 + supplements._LIMIT + 1)
    for span_id in ids:
        add_supplement(span_id, _Nothing())
    assert take_supplement(ids[0]) is None
    assert take_supplement(ids[-1]) is not None
    for span_id in ids:
        take_supplement(span_id)
