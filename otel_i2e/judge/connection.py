"""One client of the SDK for one event loop: bytes out, bytes back. Retries, backoff and timeouts are the SDK's.

The SDK's models are not made of an answer: they cost CPU and validate nothing. With the extra `judge` aiohttp carries
the calls, which costs a quarter of what httpx2 does (`tests/benchmarks/judge_calls.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from importlib.util import find_spec
from typing import Any, Final, TypeVar
from urllib.request import getproxies

from anthropic import AsyncAnthropic, DefaultAioHttpClient, NotFoundError
from opentelemetry import context

from otel_i2e.errors import JudgeError
from otel_i2e.judge.failures import MAPPED, described, is_passing
from otel_i2e.models import JudgeSettings

__all__ = ["NO_KEY", "Connection", "has_credentials", "is_fast"]

NO_KEY: Final = "the judge has no API key: set ANTHROPIC_API_KEY; scorers without a judge run without one"
_Given = TypeVar("_Given")
_SILENT: Final[Any] = {"traces": False, "propagation": False}


def has_credentials() -> bool:
    """Whether the SDK finds any credentials in the environment. Nothing is sent; that they are good is not known."""
    return _has_key(AsyncAnthropic(open_telemetry=_SILENT))


def is_fast() -> bool:
    """Whether aiohttp is there to carry the calls: the extra `judge`."""
    return find_spec("aiohttp") is not None


class Connection:
    """Sends to the Messages API. Credentials and base URL are the SDK's (`ANTHROPIC_*`). For one event loop."""

    def __init__(self, settings: JudgeSettings) -> None:
        self._settings = settings
        self._options: Any = {"headers": {}, "max_retries": settings.max_retries, "timeout": settings.timeout}
        """Said with each call: what is left out, pydantic fills in, by a deep copy of its default."""
        self._open = AsyncExitStack()
        self._client: AsyncAnthropic | None = None
        self._has_key = True

    async def post(self, path: str, body: bytes) -> bytes:
        """What a POST of a JSON body gives. JudgeError when nothing could be had, after the SDK's retries."""
        return await self._sent(lambda client: client.post(path, cast_to=bytes, content=body, options=self._options))

    async def get(self, path: str) -> bytes | None:
        """What a GET gives, None where the API knows no such thing. JudgeError as above."""

        async def found(client: AsyncAnthropic) -> bytes | None:
            with suppress(NotFoundError):
                return await client.get(path, cast_to=bytes, options=self._options)

        return await self._sent(found)

    async def _sent(self, send: Callable[[AsyncAnthropic], Awaitable[_Given]]) -> _Given:
        token = context.attach(_untraced())
        try:
            return await send(await self._connected())
        except MAPPED as error:
            raise JudgeError(described(error, self._settings), is_passing=is_passing(error)) from None
        finally:
            context.detach(token)

    async def close(self) -> None:
        """Close the connections; there are none before the first call."""
        self._client = None
        await self._open.aclose()

    async def _connected(self) -> AsyncAnthropic:
        if self._client is None and self._has_key:
            client = AsyncAnthropic(
                timeout=self._settings.timeout,
                max_retries=self._settings.max_retries,
                open_telemetry=_SILENT,
                http_client=DefaultAioHttpClient(timeout=self._settings.timeout) if is_fast() else None,
            )
            self._open.push_async_callback(client.close)
            self._has_key = _has_key(client)
            if self._has_key:
                self._client = self._directly(client) if _is_direct(client) else client
            else:
                await self.close()
        if self._client is None:
            raise JudgeError(NO_KEY)
        return self._client

    def _directly(self, client: AsyncAnthropic) -> AsyncAnthropic:
        """The client, its attempts made by aiohttp alone."""
        from otel_i2e.judge.attempt import DirectAttempts

        attempts = DirectAttempts(client, self._settings.timeout)
        self._open.push_async_callback(attempts.close)
        return client.with_options(middleware=[attempts])


def _is_direct(client: AsyncAnthropic) -> bool:
    """Whether aiohttp may carry the calls alone: proxies, and credentials that are renewed, are left to httpx2."""
    return is_fast() and not getproxies() and client.custom_auth is None


def _has_key(client: AsyncAnthropic) -> bool:
    return bool(client.api_key or client.auth_token or client.credentials)


def _untraced() -> context.Context:
    """No current span, and instrumentors of others told to keep out."""
    suppress = context._SUPPRESS_INSTRUMENTATION_KEY  # noqa: SLF001 -- the API has no public name for it
    return context.set_value(suppress, value=True, context=context.Context())
