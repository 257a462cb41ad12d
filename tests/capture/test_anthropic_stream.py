"""Bodies that are recorded as they are read stay what they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from otel_i2e.capture.anthropic_answer import Answer
from otel_i2e.capture.anthropic_stream import recorded_streams

RECORDED = recorded_streams(httpx2)


class Sync(httpx2.SyncByteStream):
    """Three chunks, then an error when asked."""

    elapsed = "soon"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"a", b"b", b"c")
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Async(httpx2.AsyncByteStream):
    """Two chunks; notes the task in which its generator ends."""

    def __init__(self) -> None:
        self.ended_in: Any = None
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            self.ended_in = asyncio.current_task()

    async def aclose(self) -> None:
        """Note it."""
        self.closed = True


def test_a_sync_body_is_read_recorded_and_closed() -> None:
    """Its kind and its own attributes are there."""
    body, answer = Sync(), Answer(is_stream=False)
    recorded = RECORDED(body, answer)
    kinds = isinstance(recorded, httpx2.SyncByteStream), isinstance(recorded, httpx2.AsyncByteStream)
    assert kinds == (True, False)
    assert (list(recorded), answer.text(), recorded.elapsed) == ([b"a", b"b", b"c"], "abc", "soon")
    recorded.close()
    assert body.closed


def test_an_error_while_reading_is_noted_and_goes_on() -> None:
    """With the time at which it came."""
    error, answer = OSError("gone"), Answer(is_stream=True)
    with pytest.raises(OSError, match="gone"):
        list(RECORDED(Sync(error), answer))
    assert (answer.error, answer.text()) == (error, "abc")
    assert answer.failed_at > 0


def test_an_async_body_that_is_left_ends_in_the_task_that_read_it() -> None:
    """Otherwise the event loop would end it in a task of its own."""
    body, answer = Async(), Answer(is_stream=True)

    async def leave() -> None:
        chunks = RECORDED(body, answer).__aiter__()
        assert await anext(chunks) == b"a"
        await chunks.aclose()
        assert body.ended_in is asyncio.current_task()

    asyncio.run(leave())
    assert answer.text() == "a"


def test_an_async_body_is_read_and_closed() -> None:
    """Its kind is kept, and errors go on."""
    body = Async()
    recorded = RECORDED(body, Answer(is_stream=True))
    assert isinstance(recorded, httpx2.AsyncByteStream)
    assert not isinstance(recorded, httpx2.SyncByteStream)

    async def read() -> list[bytes]:
        chunks = [chunk async for chunk in recorded]
        await recorded.aclose()
        return chunks

    assert asyncio.run(read()) == [b"a", b"b"]
    assert body.closed


def test_a_body_of_both_kinds_stays_both_and_one_of_neither_is_left_alone() -> None:
    """As the HTTP library makes them for bodies in memory."""
    answer = Answer(is_stream=True)
    both = RECORDED(httpx2.ByteStream(b"abc"), answer)
    assert isinstance(both, httpx2.SyncByteStream)
    assert isinstance(both, httpx2.AsyncByteStream)
    assert list(both) == [b"abc"]
    neither = object()
    assert RECORDED(neither, answer) is neither
