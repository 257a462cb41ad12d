"""The real Anthropic SDK, sync and async, against the local Messages API."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import repeat
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel

from otel_i2e.testing import MessagesRequest, MessagesServer, Reply, TextBlock, Tokens, ToolBlock

ASK: Any = {"model": "claude-sonnet-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


def connect(server: MessagesServer, *, max_retries: int = 0) -> Any:
    """A client that talks to `server` only; untyped, because requests here are built from plain dicts."""
    return anthropic.Anthropic(api_key="test", base_url=server.url, max_retries=max_retries)


@pytest.fixture
def hello() -> Iterator[MessagesServer]:
    """A server that always says hello."""
    with MessagesServer(Reply.text("Hello, who is there?")) as server:
        yield server


def test_answers_in_the_order_of_the_script_and_records_requests() -> None:
    """Replies come one a request; each request can be read back."""
    with MessagesServer([Reply.text("one"), Reply.text("two")]) as server, connect(server) as client:
        answers = [client.messages.create(**ASK, system="Be brief.").content[0] for _ in range(2)]
    assert [getattr(answer, "text", None) for answer in answers] == ["one", "two"]
    assert [(request.model, request.system, request.question) for request in server.requests] == [
        ("claude-sonnet-5", "Be brief.", "Hi")
    ] * 2


def test_a_function_sees_system_question_tools_and_tool_results() -> None:
    """A script that is a function decides by what the request says."""

    def model(request: MessagesRequest) -> Reply:
        return Reply.text(f"{request.tools} {request.tool_results} {request.question} {request.stream}")

    call: Any = {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "30 days"}]}
    messages: Any = [*ASK["messages"], {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    tools: Any = [{"name": "search", "input_schema": {"type": "object"}}]
    with MessagesServer(model) as server, connect(server) as client:
        answer = client.messages.create(**{**ASK, "messages": messages}, tools=tools)
    assert answer.content[0].text == "['search'] ['30 days'] Hi False"


def test_streams_text_thinking_and_tool_calls_as_the_sdk_accumulates_them() -> None:
    """The SDK's own accumulation of the events gives back the scripted blocks and usage."""
    reply = Reply.tool(
        "search", {"query": "läptop return policy"}, id="toolu_9", saying="Let me look. ", thinking="Hm."
    )
    with MessagesServer(reply) as server, connect(server) as client, client.messages.stream(**ASK) as stream:
        kinds = {event.type for event in stream}
        message = stream.get_final_message()
    thinking, text, call = message.content
    assert (thinking.thinking, thinking.signature != "") == ("Hm.", True)
    assert text.text == "Let me look. "
    assert (call.id, call.name, call.input) == ("toolu_9", "search", {"query": "läptop return policy"})
    assert message.stop_reason == "tool_use"
    assert message.usage.output_tokens > 1
    assert {"thinking", "text", "input_json", "signature", "message_stop"} <= kinds


def test_plain_create_with_stream_ends_with_usage(hello: MessagesServer) -> None:
    """`create(stream=True)` gives raw events from message_start to message_stop."""
    with connect(hello) as client:
        kinds = [event.type for event in client.messages.create(**ASK, stream=True)]
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"])


def test_async_clients_stream_and_call_at_once(hello: MessagesServer) -> None:
    """Twenty calls at once and a stream over the async client."""

    async def talk() -> tuple[int, str]:
        client: Any = anthropic.AsyncAnthropic(api_key="test", base_url=hello.url)
        async with client:
            answers: list[Any] = await asyncio.gather(*(client.messages.create(**ASK) for _ in range(20)))
            async with client.messages.stream(**ASK) as stream:
                return len(answers), "".join([text async for text in stream.text_stream])

    assert asyncio.run(talk()) == (20, "Hello, who is there?")
    assert len(hello.requests) == 21


def test_beta_and_count_tokens(hello: MessagesServer) -> None:
    """The beta resource works, and counting tokens costs no reply and no recorded request."""
    with connect(hello) as client:
        assert client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"]).input_tokens > 0
        assert client.beta.messages.create(**ASK).content[0].type == "text"
    assert len(hello.requests) == 1


def test_structured_output_is_parsed() -> None:
    """`messages.parse` gets the JSON that the script says."""

    class Verdict(BaseModel):
        grade: str

    with MessagesServer(Reply.json({"grade": "wrong"})) as server, connect(server) as client:
        assert client.messages.parse(**ASK, output_format=Verdict).parsed_output == Verdict(grade="wrong")
    assert server.requests[0].body["output_config"]["format"]["type"] == "json_schema"


def test_cached_tokens_are_reported_both_ways() -> None:
    """Usage is what the script says, streamed or not."""
    reply = Reply.text("Hi", tokens=Tokens(uncached_input=5, output=7, cache_read=100, cache_write=20))
    with MessagesServer(reply) as server, connect(server) as client:
        plain = client.messages.create(**ASK).usage
        with client.messages.stream(**ASK) as stream:
            streamed = stream.get_final_message().usage
    for usage in (plain, streamed):
        assert (usage.input_tokens, usage.output_tokens) == (5, 7)
        assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (100, 20)


def test_stop_reasons_and_mixed_blocks() -> None:
    """Refusals, cut-off answers and several tool calls have the API's stop reasons."""
    both = Reply.blocks_of(TextBlock("Two."), ToolBlock("a", {}), ToolBlock("b", {}))
    with (
        MessagesServer([Reply.refusal(), Reply.text("And th", stop_reason="max_tokens"), both]) as server,
        connect(server) as client,
    ):
        refused, cut, called = (client.messages.create(**ASK) for _ in range(3))
    assert (refused.stop_reason, refused.content, cut.stop_reason) == ("refusal", [], "max_tokens")
    assert refused.stop_details is not None
    assert [block.type for block in called.content] == ["text", "tool_use", "tool_use"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
def test_errors_raise_the_sdks_exceptions(status: int, error: type[anthropic.APIStatusError]) -> None:
    """An error reply becomes the exception that the real API's status becomes."""
    with (
        MessagesServer(Reply.error(status, "no luck")) as server,
        connect(server) as client,
        pytest.raises(error, match="no luck") as caught,
    ):
        client.messages.create(**ASK)
    assert caught.value.status_code == status


def test_an_error_is_retried_after_the_time_it_names() -> None:
    """The SDK's retry finds the next reply of the script."""
    script = [Reply.error(429, retry_after=0.01), Reply.error(529, retry_after=0.01), Reply.text("at last")]
    with MessagesServer(script) as server, connect(server, max_retries=2) as client:
        answer = client.messages.create(**ASK)
    assert (answer.content[0].text, len(server.requests)) == ("at last", 3)


def test_a_stream_fails_or_drops_in_the_middle() -> None:
    """After two deltas comes the error event, or nothing at all."""
    long = Reply.text("word " * 40)
    with MessagesServer([long.failing(after=2), long.dropping(after=2)]) as server, connect(server) as client:
        assert deltas_before(client, anthropic.APIStatusError, "Overloaded") == 2
        assert deltas_before(client, Exception, "peer closed connection") == 2


def deltas_before(client: Any, error: type[Exception], message: str) -> int:
    """Content deltas that arrive before the stream raises `error`."""
    deltas: list[Any] = []
    with pytest.raises(error, match=message):
        deltas.extend(event for event in client.messages.create(**ASK, stream=True) if "delta" in event.type)
    return len(deltas)


def test_a_plain_answer_drops_in_the_middle() -> None:
    """Half of a body is a connection error, and a failing plain answer is an overload."""
    with MessagesServer([Reply.text("x").dropping(), Reply.text("x").failing()]) as server, connect(server) as client:
        with pytest.raises(anthropic.APIConnectionError):
            client.messages.create(**ASK)
        with pytest.raises(anthropic.InternalServerError, match="Overloaded"):
            client.messages.create(**ASK)


def test_a_slow_answer_times_out_and_does_not_hold_up_the_close() -> None:
    """The client's timeout fires; leaving the context does not wait for the minute."""
    began = time.monotonic()
    with (
        MessagesServer(Reply.text("…").slow(60)) as server,
        connect(server) as client,
        pytest.raises(anthropic.APITimeoutError),
    ):
        client.messages.create(**ASK, timeout=0.1)
    assert time.monotonic() - began < 10


def test_a_script_that_ends_or_raises_says_so() -> None:
    """Neither is retried: the client sees a 400 that names the reason."""

    def broken(request: MessagesRequest) -> Reply:
        raise KeyError(request.question)

    with MessagesServer([]) as server, connect(server, max_retries=2) as client:
        with pytest.raises(anthropic.BadRequestError, match="the script has ended: it had 0 replies"):
            client.messages.create(**ASK)
        assert len(server.requests) == 1
    with (
        MessagesServer(broken) as server,
        connect(server) as client,
        pytest.raises(anthropic.BadRequestError, match="raised KeyError: 'Hi'"),
    ):
        client.messages.create(**ASK)


def test_malformed_requests_get_the_apis_answers(hello: MessagesServer) -> None:
    """A missing field, a missing key and an unknown path are refused and not recorded."""
    with connect(hello) as client:
        with pytest.raises(anthropic.BadRequestError, match="model: Field required"):
            client.messages.create(**{**ASK, "model": ""})
        with pytest.raises(anthropic.NotFoundError, match="GET /v1/models"):
            client.models.list()
    assert post(hello, json.dumps(ASK).encode(), {}) == 401
    assert post(hello, b"{", {"x-api-key": "test"}) == 400
    assert hello.requests == []


def post(server: MessagesServer, body: bytes, headers: dict[str, str]) -> int:
    """The status of a request that the SDK would not send."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    with closing(connection):
        connection.request("POST", "/v1/messages", body, headers)
        return connection.getresponse().status


def test_an_endless_iterable_is_a_script() -> None:
    """Replies may come from a generator."""
    with MessagesServer(repeat(Reply.text("again"))) as server, connect(server) as client:
        for _ in range(3):
            client.messages.create(**ASK)
    assert len(server.requests) == 3


def test_a_closed_server_refuses_connections() -> None:
    """After the context nobody listens, and closing twice is harmless."""
    with MessagesServer(Reply.text("Hi")) as server:
        pass
    server.close()
    with connect(server) as client, pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASK)


def test_batches_are_created_polled_read_and_canceled_by_the_real_sdk() -> None:
    """Results come as JSON Lines in another order, errors among them; a canceled batch has none."""
    replies = [Reply.text("one"), Reply.error(400, "no"), Reply.text("x").dropping(), *[Reply.text("late")] * 2]
    with MessagesServer(replies) as server, anthropic.Anthropic(api_key="test", base_url=server.url) as client:
        params: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
        server.batches.polls = 1
        made = client.messages.batches.create(requests=[{"custom_id": name, "params": params} for name in "abc"])
        assert (made.processing_status, made.request_counts.processing) == ("in_progress", 3)
        assert client.messages.batches.retrieve(made.id).results_url is None
        found = {one.custom_id: one.result for one in client.messages.batches.results(made.id)}
        assert {name: one.type for name, one in found.items()} == {"a": "succeeded", "b": "errored", "c": "expired"}
        requests: Any = [{"custom_id": "d", "params": params}]
        other = client.messages.batches.create(requests=requests)
        assert client.messages.batches.cancel(other.id).request_counts.canceled == 1
        (canceled,) = client.messages.batches.results(other.id)
        assert canceled.result.type == "canceled"
        with pytest.raises(anthropic.BadRequestError, match="custom_id must be unique"):
            client.messages.batches.create(requests=requests * 2)
        with pytest.raises(anthropic.NotFoundError, match="no such batch"):
            client.messages.batches.retrieve("msgbatch_none")
