"""Message Batches: many questions at half the price, answered within a day.

As in platform.claude.com/docs/en/build-with-claude/batch-processing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple

from otel_i2e.errors import JudgeError
from otel_i2e.judge.answer import body_of, verdict_of
from otel_i2e.judge.claude import MESSAGES, random_marker, unused
from otel_i2e.judge.connection import Connection
from otel_i2e.judge.request import encoded, request_of
from otel_i2e.models import Json, JudgeQuestion, JudgeSettings, JudgeVerdict

__all__ = ["BATCH_DAYS", "MOST_REQUESTS", "BatchState", "ClaudeBatches", "verdict_in"]

MOST_REQUESTS: Final = 10_000
"""Questions in one batch at most: the API takes 100,000 and 256 MB, and the answers are read at once."""
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

    async def submit(self, items: Sequence[tuple[str, JudgeQuestion]]) -> str:
        """Send questions, each under an id of its own; the batch's id."""
        requests = [
            encoded({"custom_id": name, "params": request_of(question, unused(self._marker(), question))})
            for name, question in items
        ]
        body = b'{"requests":[' + b",".join(requests) + b"]}"
        made = body_of(await self._connection.post(_BATCHES, body))
        batch = made.get("id") if isinstance(made, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- it is checked on the next line
        if not isinstance(batch, str) or not batch:
            raise JudgeError("the judge's API answered with something that is no batch")
        return batch

    async def state(self, batch: str) -> BatchState:
        """How far the batch is."""
        found: Any = body_of(await self._connection.get(f"{_BATCHES}/{batch}"))
        try:
            counts: dict[str, int] = found["request_counts"]
            total = sum(counts.values())
            return BatchState(found["processing_status"] == "ended", total - counts["processing"], total)
        except (KeyError, TypeError, AttributeError):
            raise JudgeError("the judge's API answered with something that is no batch") from None

    async def results(self, batch: str) -> dict[str, Json]:
        """Id of a request → its result, of a batch that has ended. What is no line of results is not there."""
        lines = (await self._connection.get(f"{_BATCHES}/{batch}/results")).splitlines()
        found = [body_of(line) for line in lines]
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
