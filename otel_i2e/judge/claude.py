"""The judge on Claude: one request per question, retried and timed by the SDK, a few at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Final

from otel_i2e.errors import JudgeError
from otel_i2e.judge.answer import body_of, counted_input, verdict_of
from otel_i2e.judge.connection import Connection
from otel_i2e.judge.pace import Pace, TokenPace
from otel_i2e.judge.request import encoded, request_of
from otel_i2e.models import JudgeQuestion, JudgeSettings, JudgeVerdict

__all__ = ["MESSAGES", "ClaudeJudge", "random_marker", "unused"]

MESSAGES: Final = "/v1/messages"
_BEGUN_TOGETHER: Final = 16
"""Requests that are made in one turn of the event loop. Before Python 3.12 aiohttp writes a request in the next turn:
were a hundred made in one, none would leave before the last, and their answers would come all at once again."""


def random_marker() -> str:
    """A word that no text under judgement can know: 128 random bits."""
    return secrets.token_hex(16)


def unused(marker: str, question: JudgeQuestion) -> str:
    """The marker. JudgeError when chance or a leak has put it into a text under judgement."""
    if any(marker in text for text in question.shown.values()):
        raise JudgeError("the text under judgement contains the marker of its own call")
    return marker


class ClaudeJudge:
    """Implements `models.Judge` over the Messages API. Credentials and base URL are the SDK's (`ANTHROPIC_*`).

    Use it inside one event loop, as `async with ClaudeJudge(settings) as judge`. Its own calls leave no
    spans: they are not the application's.
    """

    def __init__(self, settings: JudgeSettings, *, marker: Callable[[], str] = random_marker) -> None:
        self._marker = marker
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._door = asyncio.Semaphore(_BEGUN_TOGETHER)
        self._requests = Pace(settings.requests_per_minute)
        self._tokens = TokenPace(settings.input_tokens_per_minute)
        self._connection = Connection(settings)

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """A verdict that is one of the prompt's choices; JudgeError when there is none, with the cost of the answer."""
        body = encoded(request_of(question, unused(self._marker(), question)))
        async with self._slots:
            await self._requests.turn()
            expected = await self._tokens.turn(len(body))
            async with self._door:
                await asyncio.sleep(0)
            answer = body_of(await self._connection.post(MESSAGES, body))
        if (tokens := counted_input(answer)) is not None:
            self._tokens.counted(len(body), expected, tokens)
        return verdict_of(answer, question)

    async def aclose(self) -> None:
        """Close the connections; a judge that was never asked has none."""
        await self._connection.close()

    async def __aenter__(self) -> ClaudeJudge:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
