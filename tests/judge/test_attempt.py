"""Attempts that aiohttp makes alone, beside the SDK's own: the same request, and the same end of every answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from anthropic import APIRequest, AsyncAnthropic

from otel_i2e.errors import JudgeError
from otel_i2e.judge.attempt import DirectAttempts
from otel_i2e.judge.connection import Connection
from otel_i2e.models import JudgeSettings
from otel_i2e.testing.local_http import HttpAnswer, HttpCall, LocalServer

SETTINGS = JudgeSettings(max_retries=1)
OF_THE_CARRIER = {"accept-encoding", "connection", "host", "x-stainless-timeout", "x-stainless-read-timeout"}
BUSY = HttpAnswer(503, {"retry-after": "0.01"})


def calls_of(
    answer: Callable[[HttpCall], HttpAnswer], monkeypatch: pytest.MonkeyPatch, *, direct: bool = True
) -> tuple[bytes | str, list[HttpCall]]:
    """What one POST gives, an error as its text, and what the server saw of it."""
    seen: list[HttpCall] = []

    def served(call: HttpCall) -> HttpAnswer:
        seen.append(call)
        return answer(call)

    server = LocalServer(served)
    monkeypatch.setattr("otel_i2e.judge.connection.is_fast", lambda: direct)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{server.url}/gateway")

    async def one() -> bytes | str:
        connection = Connection(SETTINGS)
        try:
            return await connection.post("/v1/messages", b'{"model": "m"}')
        except JudgeError as error:
            return str(error)
        finally:
            await connection.close()

    try:
        return asyncio.run(one()), seen
    finally:
        server.close()


def test_a_direct_attempt_sends_what_the_sdk_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Path, body and headers, on the first try and on the second; but for what says how they travel."""
    sent: list[list[Any]] = []
    for direct in (True, False):
        answers = iter([BUSY, HttpAnswer(chunks=[b"{}"])])
        given, seen = calls_of(lambda _, answers=answers: next(answers), monkeypatch, direct=direct)
        assert given == b"{}"
        own = [{name: value for name, value in one.headers.items() if name not in OF_THE_CARRIER} for one in seen]
        sent.append([(one.method, one.path, one.body, headers) for one, headers in zip(seen, own, strict=True)])
    direct_way, sdk_way = sent
    assert direct_way == sdk_way
    assert [headers["x-stainless-retry-count"] for *_, headers in direct_way] == ["0", "1"]
    assert direct_way[0][1] == "/gateway/v1/messages"


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (HttpAnswer(201, {}, [b"{}"]), b"{}"),
        (HttpAnswer(200, {"content-encoding": "gzip"}, [gzip.compress(b'{"a": 1}')]), b'{"a": 1}'),
        (
            HttpAnswer(400, {"content-encoding": "gzip"}, [gzip.compress(b'{"error": {"message": "no such field"}}')]),
            "400: ",
        ),
        (HttpAnswer(400, {"x-should-retry": "false"}, [b"<html>no</html>"]), "400: <html>no</html>"),
        (HttpAnswer(200, {}, [b"half of it"], dropped=True), "cannot be reached"),
    ],
)
def test_every_answer_ends_as_with_the_sdk_alone(
    answer: HttpAnswer, given: bytes | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed bodies are unpacked, errors keep their words, a connection that breaks is tried again."""
    direct, direct_calls = calls_of(lambda _: answer, monkeypatch)
    alone, alone_calls = calls_of(lambda _: answer, monkeypatch, direct=False)
    assert direct == alone
    assert len(direct_calls) == len(alone_calls)
    assert given in direct if isinstance(given, str) and isinstance(direct, str) else direct == given


def test_a_redirect_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the SDK, which follows them: a gateway may have moved."""

    def moved(call: HttpCall) -> HttpAnswer:
        if call.path.startswith("/gateway"):
            return HttpAnswer(307, {"location": "/elsewhere"})
        return HttpAnswer(chunks=[call.body])

    given, seen = calls_of(moved, monkeypatch)
    assert given == b'{"model": "m"}'
    assert seen[-1].path == "/elsewhere"


def test_proxies_and_credentials_that_are_renewed_are_left_to_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where nothing of it is asked for is an attempt made directly."""
    made: list[AsyncAnthropic] = []

    class Counted(DirectAttempts):
        def __init__(self, client: AsyncAnthropic, timeout: float) -> None:
            made.append(client)
            super().__init__(client, timeout)

    monkeypatch.setattr("otel_i2e.judge.attempt.DirectAttempts", Counted)
    fine = HttpAnswer(chunks=[b"{}"])
    calls_of(lambda _: fine, monkeypatch)
    assert len(made) == 1
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert calls_of(lambda _: fine, monkeypatch)[0] == b"{}"
    assert len(made) == 1
    monkeypatch.delenv("HTTP_PROXY")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setattr("otel_i2e.judge.connection.AsyncAnthropic.custom_auth", httpx2.BasicAuth("a", "b"))
    assert calls_of(lambda _: fine, monkeypatch)[0] == b"{}"
    assert len(made) == 1


def test_what_is_no_whole_body_goes_the_sdk_s_way() -> None:
    """A GET, and a call whose answer is to be parsed."""

    async def asked() -> list[str]:
        passed: list[str] = []

        async def call_next(request: APIRequest) -> Any:
            passed.append(request.method)

        async with AsyncAnthropic(api_key="test") as client:
            attempts = DirectAttempts(client, 1.0)
            for method, cast_to in (("get", bytes), ("post", dict)):
                options: Any = type("Options", (), {"method": method, "url": "/", "content": b"{}"})()
                await attempts.handle_async(APIRequest(options=options, cast_to=cast_to), call_next)
        return passed

    assert asyncio.run(asked()) == ["get", "post"]
