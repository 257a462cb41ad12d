"""One attempt of the SDK at one request, straight through aiohttp: a middleware of the SDK, inside of its retries.

Credentials, headers, retries, backoff and error classes stay the SDK's. What falls away is a request and a response of
httpx2 for each attempt, half of what a call costs otherwise (`tests/benchmarks/judge_calls.py`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, NamedTuple

import aiohttp
import httpx2
from anthropic import (
    APIConnectionError,
    APIRequest,
    APITimeoutError,
    AsyncAnthropic,
    AsyncAPIResponse,
    AsyncCallNext,
    Middleware,
)

__all__ = ["DirectAttempts"]

_OF_THE_WIRE: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers that say how a body travelled: it is unpacked when we have it."""


class _Answer(NamedTuple):
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class DirectAttempts(Middleware):
    """For one client in one event loop. What is no POST of a whole body to be read as bytes goes the SDK's own way."""

    def __init__(self, client: AsyncAnthropic, timeout: float) -> None:
        self._client = client
        self._headers = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
        self._timeout = aiohttp.ClientTimeout(connect=timeout, sock_read=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> Any:
        """The body of an answer, which the SDK hands on as it is; a response when the SDK has to look at it.

        Raises the SDK's APITimeoutError and APIConnectionError.
        """
        body = request.options.content
        if request.method != "post" or request.cast_to is not bytes or not isinstance(body, bytes):
            return await call_next(request)
        try:
            answer = await self._answer(request, body)
        except TimeoutError as error:
            raise APITimeoutError(request=self._as_httpx2(request)) from error
        except aiohttp.ClientError as error:
            raise APIConnectionError(request=self._as_httpx2(request)) from error
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer.body
        if answer.status < HTTPStatus.BAD_REQUEST:
            return await call_next(request)  # a redirect
        return self._refusal(request, answer)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: APIRequest, body: bytes) -> _Answer:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, ssl=httpx2.create_ssl_context())
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()
            )
        tries = {"x-stainless-retry-count": str(request.retries_taken)}
        sent = self._session.post(self._url(request), data=body, headers=tries, allow_redirects=False)
        async with sent as answer:
            return _Answer(answer.status, answer.raw_headers, await answer.read())

    def _url(self, request: APIRequest) -> str:
        return f"{str(self._client.base_url).rstrip('/')}/{request.url.lstrip('/')}"

    def _as_httpx2(self, request: APIRequest) -> httpx2.Request:
        """What the SDK's errors and its retries want to see."""
        return httpx2.Request(
            "POST", self._url(request), headers={"x-stainless-retry-count": str(request.retries_taken)}
        )

    def _refusal(self, request: APIRequest, answer: _Answer) -> AsyncAPIResponse[Any]:
        headers = [(name, value) for name, value in answer.headers if name.lower() not in _OF_THE_WIRE]
        response = httpx2.Response(
            answer.status, headers=headers, content=answer.body, request=self._as_httpx2(request)
        )
        return AsyncAPIResponse(
            raw=response,
            cast_to=request.cast_to,
            client=self._client,
            stream=False,
            stream_cls=None,
            options=request.options,
            retries_taken=request.retries_taken,
        )
