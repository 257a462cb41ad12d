"""Message Batches: many questions at half the price, answered within a day.

As in platform.claude.com/docs/en/build-with-claude/batch-processing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Final, NamedTuple

from otel_i2e.errors import JudgeError
from otel_i2e.judge.answer import body_of, verdict_of
from otel_i2e.judge.claude import MESSAGES, random_marker, unused
from otel_i2e.judge.connection import Connection
from otel_i2e.judge.request import encoded, request_of
from otel_i2e.models import Json, JudgeQuestion, JudgeSettings, JudgeVerdict

__all__ = ["BATCH_DAYS", "BatchState", "ClaudeBatches", "verdict_in"]

MOST_REQUESTS: Final = 10_000
"""Questions in one batch at most: the API takes 100,000, and the answers are read at once."""
MOST_BYTES: Final = 50_000_000
"""Bytes of one batch at most: the API takes 256 MB, and they are to be sent within one timeout."""
BATCH_DAYS: Final = 29
"""Days for which the API keeps results."""
_BATCHES: Final = f"{MESSAGES}/batches"


class BatchState(NamedTuple):
    """How far a batch is."""

    ended: bool
    """Whether the results can be read."""
    done: int
    """Requests that are not waiting any more; the API tells it when the batch has ended."""
    total: int
    """All requests."""


class ClaudeBatches:
    """Sends questions as Message Batches. For one event loop; each method raises JudgeError, after retries."""

    def __init__(self, settings: JudgeSettings, *, marker: Callable[[], str] = random_marker) -> None:
        self._marker = marker
        self._connection = Connection(settings)

    def bodies(self, items: Iterable[tuple[str, JudgeQuestion]]) -> Iterator[tuple[list[str], bytes]]:
        """The bodies of as many batches as the questions need, with the ids of each; a question's id is its own."""
        names: list[str] = []
        requests: list[bytes] = []
        size = 0
        for name, question in items:
            request = encoded({"custom_id": name, "params": request_of(question, unused(self._marker(), question))})
            if names and (len(names) >= MOST_REQUESTS or size + len(request) > MOST_BYTES):
                yield names, _body(requests)
                names, requests, size = [], [], 0
            names.append(name)
            requests.append(request)
            size += len(request) + 1
        if names:
            yield names, _body(requests)

    async def submit(self, body: bytes) -> str:
        """Send what `bodies` gave; the batch's id."""
        made = body_of(await self._connection.post(_BATCHES, body))
        batch = made.get("id") if isinstance(made, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- it is checked on the next line
        if not isinstance(batch, str) or not batch:
            raise JudgeError("the judge's API answered with something that is no batch")
        return batch

    async def state(self, batch: str) -> BatchState | None:
        """How far the batch is; None of one that the API does not know: another workspace's, or deleted."""
        answer = await self._connection.get(f"{_BATCHES}/{batch}")
        if answer is None:
            return None
        found: Any = body_of(answer)
        try:
            counts: dict[str, int] = found["request_counts"]
            total = sum(counts.values())
            return BatchState(found["processing_status"] == "ended", total - counts["processing"], total)
        except (KeyError, TypeError, AttributeError):
            raise JudgeError("the judge's API answered with something that is no batch") from None

    async def results(self, batch: str) -> dict[str, Json] | None:
        """Id of a request → its result, of a batch that has ended. What is no line of results is not there. None as
        above, and where the results are kept no longer.
        """
        answer = await self._connection.get(f"{_BATCHES}/{batch}/results")
        if answer is None:
            return None
        found = [body_of(line) for line in answer.splitlines()]
        return {
            one["custom_id"]: one["result"]
            for one in found
            if isinstance(one, dict) and isinstance(one.get("custom_id"), str) and isinstance(one.get("result"), dict)  # pyright: ignore[reportUnknownMemberType] -- it comes from the wire
        }

    async def __aenter__(self) -> ClaudeBatches:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()


def _body(requests: list[bytes]) -> bytes:
    return b'{"requests":[' + b",".join(requests) + b"]}"


def verdict_in(result: Json | None, question: JudgeQuestion) -> JudgeVerdict:
    """The verdict in one result of a batch, at half the list price. JudgeError for all that is none."""
    match result:
        case {"type": "succeeded", "message": message}:
            return verdict_of(message, question, batch=True)
        case {"type": "errored", "error": {"error": {"type": kind, "message": said}}}:
            raise JudgeError(f"the judge's batch answered {kind}: {said}")
        case {"type": "expired"}:
            raise JudgeError("the judge's batch expired before this question's turn; score again")
        case {"type": "canceled"}:
            raise JudgeError("the judge's batch was canceled before this question's turn")
        case None:
            raise JudgeError("the judge's batch has no result for this question")
        case _:
            raise JudgeError("the judge's batch has a result that is no answer")
