"""The judge on Claude: one request per question, retried and timed by the SDK, a few at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from anthropic import AsyncAnthropic
from anthropic.types import Message, Usage
from opentelemetry import context

from otel_i2e.errors import JudgeError
from otel_i2e.judge.failures import MAPPED, described
from otel_i2e.judge.price import cost_of, input_tokens_of
from otel_i2e.judge.request import request_key, request_of
from otel_i2e.judge.verdict import read_verdict
from otel_i2e.models import JudgeQuestion, JudgeSettings, JudgeVerdict

__all__ = ["ClaudeJudge", "has_credentials"]

NO_KEY: Final = "the judge has no API key: set ANTHROPIC_API_KEY; scorers without a judge run without one"


def random_marker() -> str:
    """A word that no text under judgement can know: 128 random bits."""
    return secrets.token_hex(16)


def has_credentials() -> bool:
    """Whether the SDK finds any credentials in the environment. Nothing is sent; that they are good is not known."""
    client = AsyncAnthropic(open_telemetry={"traces": False, "propagation": False})
    return bool(client.api_key or client.auth_token or client.credentials)


class ClaudeJudge:
    """Implements `models.Judge` over the Messages API. Credentials and base URL are the SDK's (`ANTHROPIC_*`).

    Use it inside one event loop, as `async with ClaudeJudge(settings) as judge`. Its own calls leave no
    spans: they are not the application's.
    """

    def __init__(self, settings: JudgeSettings, *, marker: Callable[[], str] = random_marker) -> None:
        self._settings = settings
        self._marker = marker
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._client: AsyncAnthropic | None = None
        self._has_key = True

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """A verdict that is one of the prompt's choices; JudgeError when there is none, with the cost of the answer."""
        request = request_of(question, self._unused_marker(question))
        async with self._slots:
            message = await self._sent(request)
        if not _is_whole(message):
            raise JudgeError("the judge's API answered with something that is no message")
        cost = cost_of(message.model, message.usage)
        try:
            choice, reasoning = read_verdict(_answer(message), question.prompt.choices)
        except JudgeError as error:
            raise JudgeError(str(error), model=message.model, cost_usd=cost) from None
        return JudgeVerdict(
            choice=choice,
            reasoning=reasoning,
            model=message.model,
            input_tokens=input_tokens_of(message.usage),
            output_tokens=message.usage.output_tokens,
            cost_usd=cost,
            request=request_key(question),
        )

    async def aclose(self) -> None:
        """Close the connections; a judge that was never asked has none."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def __aenter__(self) -> ClaudeJudge:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _sent(self, request: dict[str, Any]) -> Message:
        token = context.attach(_untraced())
        try:
            client = await self._connected()
            create: Any = client.messages.create  # the overloads cannot be told apart through a mapping
            return await create(**request)
        except MAPPED as error:
            raise JudgeError(described(error, self._settings)) from None
        finally:
            context.detach(token)

    async def _connected(self) -> AsyncAnthropic:
        if self._client is None and self._has_key:
            self._client = AsyncAnthropic(
                timeout=self._settings.timeout,
                max_retries=self._settings.max_retries,
                open_telemetry={"traces": False, "propagation": False},
            )
            if not (self._client.api_key or self._client.auth_token or self._client.credentials):
                self._has_key = False
                await self.aclose()
        if self._client is None:
            raise JudgeError(NO_KEY)
        return self._client

    def _unused_marker(self, question: JudgeQuestion) -> str:
        marker = self._marker()
        if any(marker in text for text in question.shown.values()):
            raise JudgeError("the text under judgement contains the marker of its own call")
        return marker


def _untraced() -> context.Context:
    """No current span, and instrumentors of others told to keep out."""
    suppress = context._SUPPRESS_INSTRUMENTATION_KEY  # noqa: SLF001 -- the API has no public name for it
    return context.set_value(suppress, value=True, context=context.Context())


def _is_whole(message: Any) -> bool:
    """Whether the SDK made a message of the body: it validates nothing, and a proxy may answer with a page."""
    return isinstance(message, Message) and isinstance(message.usage, Usage) and isinstance(message.content, list)  # pyright: ignore[reportUnnecessaryIsInstance] -- see above


def _answer(message: Message) -> str:
    """The text of a finished answer. JudgeError for a refusal, a cut-off, and anything but one text."""
    if message.stop_reason == "refusal":
        raise JudgeError("the judge refused to answer")
    if message.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        raise JudgeError(
            f"the judge's answer was cut off ({message.stop_reason}) after {message.usage.output_tokens} tokens; "
            "raise max_tokens in the prompt file or in [judge]"
        )
    if message.stop_reason != "end_turn":
        raise JudgeError(f"the judge stopped with {message.stop_reason!r}")
    texts = [block.text for block in message.content if block.type == "text"]
    if len(texts) != 1:
        raise JudgeError(f"the judge's answer has {len(texts)} texts in place of one")
    return texts[0]
