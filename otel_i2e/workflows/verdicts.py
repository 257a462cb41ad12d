"""Verdicts that are kept under what was asked, so that the same question to the same judge is not paid for twice.

They lie in the store and, on request, with the project in `verdicts.jsonl` beside the datasets: a CI run without a key
replays those. A repeat is asked anew, always: a verdict that is replayed says nothing of how often the judge wavers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from otel_i2e.config import Settings
from otel_i2e.errors import JudgeError, JudgeLeftOut
from otel_i2e.judge import request_key
from otel_i2e.models import Json, Judge, JudgeQuestion, JudgeVerdict, RecordedVerdict
from otel_i2e.store import Store
from otel_i2e.workflows.verdict_file import read_verdicts, verdicts_path

__all__ = ["Memory", "Remembering", "recall"]

_MOST: Final = 100_000
"""Verdicts of the store that are held in memory, the latest first: about 50 MB."""


class Batched(Protocol):
    """Answers many questions together (`workflows.batching`)."""

    async def court(self, jobs: Sequence[Any], memory: Memory) -> Judge:
        """A judge that has the answers to what the jobs will ask."""
        ...

    def settle(self) -> None:
        """The answers are stored."""
        ...


@dataclass
class Memory:
    """What is known before a run, and what it adds."""

    known: dict[str, RecordedVerdict] = field(default_factory=dict[str, RecordedVerdict])
    """By request."""
    refusal: str | None = None
    """Why the judge is not asked for what is not known; None when it is."""
    fresh: dict[str, RecordedVerdict] = field(default_factory=dict[str, RecordedVerdict])
    """Verdicts that were given in this run, by request."""
    replayed: dict[str, RecordedVerdict] = field(default_factory=dict[str, RecordedVerdict])
    """Verdicts that were used again, by request."""
    going: dict[str, asyncio.Future[JudgeError | None]] = field(default_factory=dict[str, Any])
    """Questions that are being asked, by request → the error that it ends with, or None."""
    batch: Batched | None = None
    """Who answers what is not known by Message Batches; None asks one by one."""

    def knows(self, request: str, choices: Iterable[str]) -> bool:
        """Whether a verdict on it is there."""
        found = self.known.get(request) or self.fresh.get(request)
        return found is not None and found.choice in choices

    def record(self) -> Json:
        """For an experiment's metadata: how many were replayed, recorded between when and when."""
        if not self.replayed:
            return {}
        times = sorted(one.recorded_at for one in self.replayed.values())
        span = {"first": times[0].isoformat(), "last": times[-1].isoformat()}
        return {"replayed_verdicts": {"verdicts": len(times), **span}}


def recall(settings: Settings, *, cache: bool = True, refusal: str | None = None) -> Memory:
    """What the project's file and the store know; the file wins. Nothing when `cache` is False.

    Raises DatasetError for a file that cannot be read, StoreError and StoreLocked.
    """
    if not cache:
        return Memory(refusal=refusal)
    store = Store.of(settings)
    known: dict[str, RecordedVerdict] = {}
    if store.exists():
        with store.read() as reader:
            known = {one.request: one for one in reader.verdicts(limit=_MOST)}
    return Memory(known | read_verdicts(verdicts_path(settings)), refusal)


class Remembering:
    """A judge that looks into a memory first, and waits for what is being asked already. With `anew`, it asks and
    remembers nothing: a repeat.
    """

    def __init__(self, judge: Judge, memory: Memory, *, anew: bool = False) -> None:
        self._judge = judge
        self._memory = memory
        self._anew = anew

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """The known verdict, or one that is asked for. JudgeLeftOut where none is known and none may be asked for."""
        request = request_key(question)
        if self._anew:
            self._refuse("a repeat is asked anew")
            return (await self._judge.ask(question)).model_copy(update={"request": request})
        while (verdict := self._known(request, question.prompt.choices)) is None:
            self._refuse("no verdict is recorded for exactly this")
            if (going := self._memory.going.get(request)) is None:
                return await self._asked(request, question)
            if (error := await asyncio.shield(going)) is not None:
                raise JudgeError(str(error), model=error.model, is_passing=error.is_passing)
        return verdict

    def _refuse(self, why: str) -> None:
        if self._memory.refusal is not None:
            raise JudgeLeftOut(f"{why}, and {self._memory.refusal}")

    async def _asked(self, request: str, question: JudgeQuestion) -> JudgeVerdict:
        """The verdict, and those who ask the same meanwhile have it, or its error, for nothing."""
        going = self._memory.going[request] = asyncio.get_running_loop().create_future()
        error: JudgeError | None = None
        try:
            verdict = await self._judge.ask(question)
            self._memory.fresh.setdefault(request, _recorded(request, question, verdict))
        except JudgeError as raised:
            error = raised
            raise
        finally:  # of one that was canceled the next asks itself
            del self._memory.going[request]
            going.set_result(error)
        return verdict.model_copy(update={"request": request})

    def _known(self, request: str, choices: Iterable[str]) -> JudgeVerdict | None:
        found = self._memory.known.get(request)
        if found is not None and found.choice in choices:
            self._memory.replayed[request] = found
        else:
            found = self._memory.fresh.get(request)
        return None if found is None else _replayed(found)


def _recorded(request: str, question: JudgeQuestion, verdict: JudgeVerdict) -> RecordedVerdict:
    given = verdict.model_dump(exclude={"request", "recorded_at"})
    prompt = question.prompt
    names = {"request": request, "judge": prompt.name, "identity": prompt.identity, "recorded_at": datetime.now(UTC)}
    return RecordedVerdict.model_validate(given | names)


def _replayed(found: RecordedVerdict) -> JudgeVerdict:
    """It costs nothing again."""
    kept = found.model_dump(exclude={"judge", "identity", "cost_usd"})
    return JudgeVerdict.model_validate({**kept, "cost_usd": 0.0})
