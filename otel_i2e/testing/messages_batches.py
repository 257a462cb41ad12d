"""The Message Batches of the local Messages API: created, polled, canceled, read as JSON Lines.

A reply with `Reply.error(…)` is an errored result, one that drops its connection (`Reply.dropping()`) an expired one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from otel_i2e.testing.local_http import HttpAnswer, HttpCall
from otel_i2e.testing.messages_wire import error_body, message
from otel_i2e.testing.reply import Failure, Reply

__all__ = ["BATCHES", "LocalBatches", "lines"]

Json = dict[str, Any]
BATCHES: Final = "/v1/messages/batches"
_COUNTS: Final = ("succeeded", "errored", "canceled", "expired")


@dataclass
class _Batch:
    """One batch, its results ready from the beginning and shown when it has ended."""

    results: list[Json]
    polls: int
    """Looks after which it has ended."""
    id: str = field(default_factory=lambda: f"msgbatch_{uuid4().hex[:24]}")
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    canceled: bool = False


class LocalBatches:
    """Answers the batch endpoints; `reply` gives what each request of a batch is answered with."""

    def __init__(self, url: Callable[[], str], reply: Callable[[Json], Reply]) -> None:
        self.polls = 0
        """Looks at a batch that find it in progress, before it has ended."""
        self.created: list[list[Json]] = []
        """The requests of every batch, in order."""
        self._url = url
        self._reply = reply
        self._batches: dict[str, _Batch] = {}

    def answer(self, call: HttpCall) -> tuple[int, Json | list[Json] | Failure]:
        """Status and body of an answer: one object, or lines."""
        name, _, action = call.path.removeprefix(BATCHES).strip("/").partition("/")
        if call.method == "POST" and not name:
            return self._create(json.loads(call.body or b"{}"))
        batch = self._batches.get(name)
        if batch is None:
            return 404, Failure(404, "not_found_error", f"no such batch: {name}")
        if call.method == "POST" and action == "cancel":
            batch.canceled, batch.polls = True, 0
            return 200, self._shown(batch)
        if action == "results":
            return 200, self._results(batch)
        batch.polls -= 1
        return 200, self._shown(batch)

    def _create(self, body: Json) -> tuple[int, Json | list[Json] | Failure]:
        requests: list[Json] = body.get("requests") or []
        names = [one.get("custom_id") for one in requests]
        if not requests or len(set(names)) != len(names) or any(not 0 < len(str(name)) <= 64 for name in names):
            return 400, Failure(
                400, "invalid_request_error", "requests: custom_id must be unique, of 1 to 64 characters"
            )
        self.created.append(requests)
        results = [{"custom_id": one["custom_id"], "result": self._result(one["params"])} for one in requests]
        batch = _Batch(results, self.polls)
        self._batches[batch.id] = batch
        return 200, self._shown(batch)

    def _result(self, params: Json) -> Json:
        reply = self._reply(params)
        if reply.failure is not None:
            return {"type": "errored", "error": error_body(reply.failure, f"req_{uuid4().hex[:24]}")}
        if reply.ending == "dropped":
            return {"type": "expired"}
        return {"type": "succeeded", "message": message(reply, params)}

    def _results(self, batch: _Batch) -> list[Json]:
        if not batch.canceled:
            return batch.results[::-1]  # the order is not promised
        return [{"custom_id": one["custom_id"], "result": {"type": "canceled"}} for one in batch.results]

    def _shown(self, batch: _Batch) -> Json:
        ended = batch.polls < 0 or batch.canceled
        kinds = [one["result"]["type"] for one in self._results(batch)] if ended else []
        counts = {kind: kinds.count(kind) for kind in _COUNTS}
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {"processing": 0 if ended else len(batch.results), **counts},
            "created_at": batch.created.isoformat(),
            "expires_at": (batch.created + timedelta(days=1)).isoformat(),
            "ended_at": datetime.now(UTC).isoformat() if ended else None,
            "archived_at": None,
            "cancel_initiated_at": datetime.now(UTC).isoformat() if batch.canceled else None,
            "results_url": f"{self._url()}{BATCHES}/{batch.id}/results" if ended else None,
        }


def lines(body: list[Json]) -> HttpAnswer:
    """JSON Lines."""
    text = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in body)
    return HttpAnswer(headers={"content-type": "application/x-jsonl"}, chunks=[text.encode()])
