"""Judges by Message Batches: questions are collected, sent together, waited for, and then scored as if just answered.

    jobs ──► questions ──► batch, its id beside the store ──► wait ──► results ──► the same scorers

The id is on disk before anybody waits. A run that ends early pays nothing twice: the next one that asks the same
questions waits for that batch. The note of it goes when the scores are stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.errors import JudgeError, JudgeLeftOut
from otel_i2e.judge import request_key
from otel_i2e.models import Json, Judge, JudgeQuestion, JudgeSettings, JudgeVerdict
from otel_i2e.score import run_scorer
from otel_i2e.workflows.attempts import Job
from otel_i2e.workflows.verdicts import Memory

__all__ = ["Batching", "batches_folder"]

_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0
_DAY: Final = 86_400.0
_LOST: Final = "the API does not know it, under this key (it was deleted, or is another workspace's)"


def batches_folder(settings: Settings) -> Path:
    """Where the ids of batches lie until their answers are stored."""
    return settings.store_path.with_name(settings.store_path.name + ".batches")


class Batching:
    """Answers the questions of many jobs by batches. `say` is told what a person should know, a line each."""

    def __init__(
        self,
        settings: Settings,
        judge: JudgeSettings,
        say: Callable[[str], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = batches_folder(settings)
        self._judge = judge
        self._say = say
        self._sleep = sleep
        self._used: dict[Path, set[str]] = {}
        self._repeats: Counter[str] = Counter()

    async def court(self, jobs: Iterable[Job], memory: Memory) -> Judge:
        """A judge that has the answers to everything that `jobs` will ask and `memory` does not know."""
        from otel_i2e.judge.batches import ClaudeBatches  # the SDK is heavy

        asked = await _collected(jobs, memory, self._repeats)
        answers: dict[str, JudgeVerdict | JudgeError] = {}
        async with ClaudeBatches(self._judge) as batches:
            noted = {place: names & asked.keys() for place, names in self._notes().items()}
            lost = [place for place, names in noted.items() if names and await _is_lost(batches, place.stem)]
            waiting = {name: place for place, names in noted.items() if place not in lost for name in names}
            left = ((name, question) for name, question in asked.items() if name not in waiting)
            sent = await self._sent(batches, left, answers)
            self._give_up({place: noted[place] & sent.keys() for place in lost})
            waiting |= sent
            for place in dict.fromkeys(waiting.values()):
                mine = {name: asked[name] for name, where in waiting.items() if where == place}
                answers |= await self._answers(batches, place, mine)
        return _Answered(asked, answers)

    def settle(self) -> None:
        """What was used is stored: forget the batches that have nothing left to give."""
        self._forget(self._used)
        self._used.clear()

    async def _sent(
        self,
        batches: Any,
        left: Iterable[tuple[str, JudgeQuestion]],
        answers: dict[str, JudgeVerdict | JudgeError],
    ) -> dict[str, Path]:
        """Id of a request → the note of the batch that it went with; of one that could not be sent, `answers` says."""
        sent: dict[str, Path] = {}
        for names, body in batches.bodies(left):
            try:
                place = self._note(await batches.submit(body), names)
            except JudgeError as error:
                answers.update(dict.fromkeys(names, error))
            else:
                sent.update(dict.fromkeys(names, place))
        return sent

    def _give_up(self, lost: Mapping[Path, set[str]]) -> None:
        """Of batches that the API does not know, forget the questions that were sent again."""
        again = {place: names for place, names in lost.items() if names}
        for place, names in again.items():
            self._say(f"batch {place.stem}: {_LOST}; its {len(names)} questions were sent again")
        self._forget(again)

    def _forget(self, used: Mapping[Path, set[str]]) -> None:
        notes = self._notes()
        for place, names in used.items():
            if left := notes.get(place, set()) - names:
                _write(place, sorted(left))
            else:
                place.unlink(missing_ok=True)

    async def _answers(
        self, batches: Any, place: Path, mine: Mapping[str, JudgeQuestion]
    ) -> dict[str, JudgeVerdict | JudgeError]:
        from otel_i2e.judge.batches import verdict_in  # the SDK is heavy

        try:
            results: dict[str, Json] | None = await self._results(batches, place.stem)
        except JudgeError as error:  # it may be there later: the note stays
            return dict.fromkeys(mine, error)
        self._used[place] = self._used.get(place, set()) | mine.keys()
        if results is None:
            return dict.fromkeys(mine, JudgeError(f"batch {place.stem}: {_LOST}; score again"))
        found: dict[str, JudgeVerdict | JudgeError] = {}
        for name, question in mine.items():
            try:
                found[name] = verdict_in(results.get(name), question)
            except JudgeError as error:
                found[name] = error
        return found

    async def _results(self, batches: Any, batch: str) -> dict[str, Json] | None:
        pause, began = _FIRST_PAUSE, time.monotonic()
        while (state := await batches.state(batch)) is not None and not state.ended:
            await self._sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)
        if state is None:
            return None
        self._say(f"batch {batch}: ended after {(time.monotonic() - began) / 60:.0f} min, {state.total} answers")
        return await batches.results(batch)

    def _note(self, batch: str, names: list[str]) -> Path:
        place = self._folder / f"{batch}.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(place, names)
        self._say(
            f"batch {batch}: {len(names)} questions sent at half the price; it may take up to a day. "
            "When this ends early, the same command waits for it again"
        )
        return place

    def _notes(self) -> dict[Path, set[str]]:
        """Batches whose answers are not stored yet → the ids of their requests. Those that the API has lost go."""
        from otel_i2e.judge.batches import BATCH_DAYS  # the SDK is heavy

        found: dict[Path, set[str]] = {}
        for place in sorted(self._folder.glob("*.json")):
            if time.time() - place.stat().st_mtime > BATCH_DAYS * _DAY:
                place.unlink(missing_ok=True)
                continue
            with contextlib.suppress(OSError, ValueError, TypeError):
                found[place] = set(json.loads(place.read_text(encoding="utf-8")))
        return found


class _Answered:
    """A judge whose answers are there. One that was asked for several times has as many answers for it."""

    def __init__(self, asked: Mapping[str, JudgeQuestion], answers: Mapping[str, JudgeVerdict | JudgeError]) -> None:
        self._by_key: dict[str, list[JudgeVerdict | JudgeError]] = defaultdict(list)
        for name, question in asked.items():
            self._by_key[request_key(question)].append(answers[name])

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """The next answer; the last one is given again, and costs nothing again."""
        answers = self._by_key.get(request_key(question))
        if not answers:
            raise JudgeError("the judge's batch was not asked this; score again")
        answer = answers.pop(0)
        if not answers:
            answers.append(_paid(answer))
        if isinstance(answer, JudgeError):
            raise answer
        return answer


def _paid(answer: JudgeVerdict | JudgeError) -> JudgeVerdict | JudgeError:
    """The same, for nothing."""
    if isinstance(answer, JudgeError):
        return JudgeError(str(answer), model=answer.model)
    return answer.model_copy(update={"cost_usd": 0.0 if answer.cost_usd is not None else None})


async def _is_lost(batches: Any, batch: str) -> bool:
    """Whether the API says that it knows no such batch; an API that says nothing may know it."""
    with contextlib.suppress(JudgeError):
        return await batches.state(batch) is None
    return False


class _Stenographer:
    """A judge that notes what it is asked, and says nothing."""

    def __init__(self) -> None:
        self.question: JudgeQuestion | None = None

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """JudgeLeftOut, always."""
        self.question = question
        raise JudgeLeftOut("questions are collected first")


async def _collected(jobs: Iterable[Job], memory: Memory, repeats: Counter[str]) -> dict[str, JudgeQuestion]:
    """Id of a request → question: each once, but for repeats, which are asked each time they come."""
    asked: dict[str, JudgeQuestion] = {}
    for job in jobs:
        if not job.scorer.needs_judge or memory.refusal is not None:
            continue
        notes = _Stenographer()
        await run_scorer(job.scorer, job.subject, judge=notes)
        if (question := notes.question) is None:
            continue
        key = request_key(question)
        if job.subject.span.repeat:
            repeats[key] += 1
        elif memory.knows(key, question.prompt.choices):
            continue
        asked[f"{key[:48]}-{repeats[key] if job.subject.span.repeat else 0}"] = question
    return asked


def _write(place: Path, names: list[str]) -> None:
    aside = place.with_suffix(".new")
    aside.write_text(json.dumps(names), encoding="utf-8")
    aside.replace(place)
