"""Messages on their way in over gRPC: few at once, and nobody for good."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from otel_i2e.receive.arrivals import _FEW, _QUICK, Arrivals


def test_who_waited_longest_goes_when_there_are_too_many() -> None:
    """The others stay; who has left is not ended any more."""
    arrivals = Arrivals(most=2)
    ended: list[str] = []
    with arrivals.awaited(lambda: ended.append("gone before")):
        pass
    with ExitStack() as waiting:
        calls = [
            waiting.enter_context(arrivals.awaited(lambda name=name: ended.append(name)))
            for name in ("first", "second", "third")
        ]
        assert ended == ["first"]
        assert [call.had is not None for call in calls] == [True, False, False]


def test_slow_ones_let_others_in_beside_them() -> None:
    """After a moment each: none is ended for it."""
    arrivals = Arrivals()
    ended: list[int] = []
    with ExitStack() as waiting:
        for number in range(2 * _QUICK):
            waiting.enter_context(arrivals.awaited(lambda number=number: ended.append(number)))
    assert not ended


def test_where_memory_is_short_the_next_waits_and_the_slowest_goes() -> None:
    """What a message on its way takes is known only when it is there: no more than a few at once, then."""
    arrivals = Arrivals(is_short=lambda: True, short=0.06)
    ended: list[int] = []
    with ExitStack() as waiting:
        calls = [
            waiting.enter_context(arrivals.awaited(lambda number=number: ended.append(number)))
            for number in range(_FEW + 1)
        ]
    assert ended == [0]
    assert [call.had for call in calls] == [0.06, *[None] * _FEW]


def test_where_memory_is_short_one_that_leaves_makes_room() -> None:
    """At once: whoever is there in time is not ended."""
    arrivals = Arrivals(is_short=lambda: True, short=60.0)
    ended: list[str] = []
    with ExitStack() as waiting:
        for _ in range(_FEW - 1):
            waiting.enter_context(arrivals.awaited(lambda: ended.append("slow")))
        leaves = ExitStack()
        leaves.enter_context(arrivals.awaited(lambda: ended.append("leaves")))
        threading.Timer(0.1, leaves.close).start()
        waiting.enter_context(arrivals.awaited(lambda: ended.append("next")))
    assert not ended
