"""A judge that talks to a local Messages API through the real SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from otel_i2e.judge import ClaudeJudge, built_in_prompts
from otel_i2e.models import JudgeQuestion, JudgeSettings, JudgeVerdict
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply

Script = Reply | Iterable[Reply] | Callable[[MessagesRequest], Reply]
FAST = JudgeSettings(max_retries=0)


def question_of(output: str = "Yes, 120 days.", criterion: str = "says 30 days", **prompt: Any) -> JudgeQuestion:
    """A question by the built-in prompt `must`."""
    must = built_in_prompts(FAST)["must"].model_copy(update=prompt)
    return JudgeQuestion(prompt=must, shown={"criterion": criterion, "output": output})


class Court:
    """Asks questions of a judge whose API is scripted."""

    def __init__(self, server: MessagesServer) -> None:
        self.server = server

    def ask(
        self, *questions: JudgeQuestion, settings: JudgeSettings = FAST, **options: Any
    ) -> list[JudgeVerdict | BaseException]:
        """Every verdict or error, in order."""

        async def all_of_them() -> list[JudgeVerdict | BaseException]:
            async with ClaudeJudge(settings, **options) as judge:
                return await asyncio.gather(*(judge.ask(q) for q in questions), return_exceptions=True)

        return asyncio.run(all_of_them())

    def verdict(self, question: JudgeQuestion | None = None, **options: Any) -> JudgeVerdict:
        """One verdict; raises what the judge raises."""
        result = self.ask(question or question_of(), **options)[0]
        if isinstance(result, BaseException):
            raise result
        return result


@pytest.fixture(name="question_of")
def _question_of() -> Callable[..., JudgeQuestion]:  # pyright: ignore[reportUnusedFunction] -- a fixture
    """`question_of(output, criterion, **prompt)`: a question by the built-in prompt `must`."""
    return question_of


@pytest.fixture(params=["aiohttp", "httpx2"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What carries the calls: with the extra `judge`, and without."""
    monkeypatch.setattr("otel_i2e.judge.connection.is_fast", lambda: request.param == "aiohttp")
    return request.param


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> Iterable[Callable[[Script], Court]]:
    """`court(script)`: the API answers by `script`."""
    servers: list[MessagesServer] = []

    def opened(script: Script) -> Court:
        server = MessagesServer(script)
        servers.append(server)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        return Court(server)

    yield opened
    for server in servers:
        server.close()
