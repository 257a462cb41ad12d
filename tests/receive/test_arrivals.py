"""Messages on their way in over gRPC: few at once, and nobody for good."""

from __future__ import annotations

from contextlib import ExitStack

from otel_i2e.receive.arrivals import _QUICK, Arrivals


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
        assert [call.is_cut for call in calls] == [True, False, False]


def test_slow_ones_let_others_in_beside_them() -> None:
    """After a moment each: none is ended for it."""
    arrivals = Arrivals()
    ended: list[int] = []
    with ExitStack() as waiting:
        for number in range(2 * _QUICK):
            waiting.enter_context(arrivals.awaited(lambda number=number: ended.append(number)))
    assert not ended
