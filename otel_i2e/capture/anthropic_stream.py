"""Response bodies that are recorded as the application reads them, of the kinds that the HTTP library knows.

The SDK asks whether a body is a sync or an async one by its class, so the classes are made from the
library that it uses, once it is loaded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any

from otel_i2e.capture.anthropic_answer import Answer

__all__ = ["recorded_streams"]


class _Body:
    """What both kinds share. Every other attribute is the body's own."""

    def __init__(self, body: Any, answer: Answer) -> None:
        self._body = body
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


class _SyncBody(_Body):
    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._body:
                self._answer.add(chunk)
                yield chunk
        except Exception as error:
            self._answer.failed(error)
            raise

    def close(self) -> None:
        self._body.close()


class _AsyncBody(_Body):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = self._body.__aiter__()
        try:
            async for chunk in chunks:
                self._answer.add(chunk)
                yield chunk
        except Exception as error:
            self._answer.failed(error)
            raise
        finally:  # in the task that read it: the event loop would close a generator later, in a task of its own
            if hasattr(chunks, "aclose"):
                await chunks.aclose()

    async def aclose(self) -> None:
        await self._body.aclose()


def recorded_streams(http: ModuleType) -> Callable[[Any, Answer], Any]:
    """A function that gives `body`, of the same kind, with what is read of it added to an Answer.

    `http` is `httpx2` (or `httpx`). A body of neither kind is given back as it is.
    """
    sync_kind, async_kind = http.SyncByteStream, http.AsyncByteStream
    of_sync = type("RecordedStream", (_SyncBody, sync_kind), {})
    of_async = type("RecordedAsyncStream", (_AsyncBody, async_kind), {})
    of_both = type("RecordedByteStream", (_SyncBody, _AsyncBody, sync_kind, async_kind), {})

    def recorded(body: Any, answer: Answer) -> Any:
        is_sync, is_async = isinstance(body, sync_kind), isinstance(body, async_kind)
        if not (is_sync or is_async):
            return body
        return (of_both if is_sync and is_async else of_sync if is_sync else of_async)(body, answer)

    return recorded
