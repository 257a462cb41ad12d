"""The real OpenAI SDK against the local Chat Completions, Responses and Embeddings API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from otel_i2e.testing import ChatRequest, ChatServer, Reply, TextBlock, ThinkingBlock, Tokens, ToolBlock

CHAT: Any = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]}
RESPOND: Any = {"model": "gpt-5-mini", "input": "Hi"}
SEARCH = Reply.blocks_of(
    ThinkingBlock("Hm."),
    TextBlock("Let me look."),
    ToolBlock("search", {"query": "läptop return policy"}, "call_1"),
    ToolBlock("order", {"id": "A-17"}, "call_2"),
)


def connect(server: ChatServer, *, max_retries: int = 0) -> Any:
    """A client that talks to `server` only; untyped, because requests here are built from plain dicts."""
    return openai.OpenAI(api_key="test", base_url=server.url, max_retries=max_retries)


@pytest.fixture
def hello() -> Iterator[ChatServer]:
    """A server that always says hello."""
    with ChatServer(Reply.text("Hello, who is there?")) as server:
        yield server


def test_chat_answers_with_text_calls_reasoning_and_finish_reason() -> None:
    """A whole completion carries every block of the reply."""
    with ChatServer(SEARCH) as server, connect(server) as client:
        choice = client.chat.completions.create(**CHAT).choices[0]
    assert (choice.message.content, choice.message.reasoning_content) == ("Let me look.", "Hm.")
    calls = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    assert calls == [("call_1", "search", {"query": "läptop return policy"}), ("call_2", "order", {"id": "A-17"})]
    assert choice.finish_reason == "tool_calls"


def test_chat_streams_what_the_sdk_accumulates() -> None:
    """The SDK's own accumulation of the chunks gives back the scripted blocks and usage."""
    reply = Reply.blocks_of(*SEARCH.blocks, tokens=Tokens(uncached_input=5, output=9, cache_read=100, reasoning=3))
    with ChatServer(reply) as server, connect(server) as client:
        options = {"include_usage": True}
        with client.chat.completions.stream(**CHAT, stream_options=options) as stream:
            answer = stream.until_done().get_final_completion()
        plain = list(client.chat.completions.create(**CHAT, stream=True))
    message = answer.choices[0].message
    assert message.content == "Let me look."
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [
        {"query": "läptop return policy"},
        {"id": "A-17"},
    ]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (105, 9)
    assert all(chunk.usage is None for chunk in plain)


def test_responses_answer_and_stream_alike() -> None:
    """Items are reasoning, message and calls; the streamed response equals the whole one."""
    with ChatServer(SEARCH) as server, connect(server) as client:
        whole = client.responses.create(**RESPOND)
        with client.responses.stream(**RESPOND) as stream:
            kinds = {event.type for event in stream}
            streamed = stream.get_final_response()
    for answer in (whole, streamed):
        assert [item.type for item in answer.output] == ["reasoning", "message", "function_call", "function_call"]
        assert answer.output_text == "Let me look."
        assert answer.output[0].summary[0].text == "Hm."
        assert json.loads(answer.output[2].arguments) == {"query": "läptop return policy"}
    assert {"response.output_text.delta", "response.function_call_arguments.done", "response.completed"} <= kinds


def test_usage_is_inclusive_and_models_answer_under_their_own_name() -> None:
    """Cached and reasoning tokens are parts of the totals; `answered_by` names the snapshot."""
    tokens = Tokens(uncached_input=211, output=105, cache_read=1024, reasoning=64)
    reply = Reply.text("Hi", tokens=tokens).answered_by("gpt-5-mini-2026-08-07")
    with ChatServer(reply) as server, connect(server) as client:
        chat, answer = client.chat.completions.create(**CHAT), client.responses.create(**RESPOND)
    assert chat.model == answer.model == "gpt-5-mini-2026-08-07"
    assert (chat.usage.prompt_tokens, answer.usage.input_tokens) == (1235, 1235)
    assert chat.usage.prompt_tokens_details.cached_tokens == answer.usage.input_tokens_details.cached_tokens == 1024
    assert chat.usage.completion_tokens_details.reasoning_tokens == 64
    assert answer.usage.output_tokens_details.reasoning_tokens == 64


def test_a_function_reads_both_request_shapes() -> None:
    """System, question, tools and tool results are found in chat messages and in response items."""

    def model(request: ChatRequest) -> Reply:
        return Reply.text(f"{request.system}|{request.question}|{request.tools}|{request.tool_results}")

    call: Any = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "30 days"},
    ]
    items: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "function_call", "call_id": "c1", "name": "search", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "30 days"},
    ]
    tool: Any = {"name": "search", "parameters": {"type": "object"}}
    with ChatServer(model) as server, connect(server) as client:
        chat = client.chat.completions.create(
            model="m", messages=messages, tools=[{"type": "function", "function": tool}]
        )
        answer = client.responses.create(
            model="m", instructions="Be brief.", input=items, tools=[{"type": "function", **tool}]
        )
    assert chat.choices[0].message.content == answer.output_text == "Be brief.|Hi|['search']|['30 days']"


def test_embeddings_depend_on_the_text_and_cost_no_reply(hello: ChatServer) -> None:
    """Both encodings give the same vector; another text gives another."""
    with connect(hello) as client:
        packed = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=4)
        plain = client.embeddings.create(
            model="text-embedding-3-small", input="a", dimensions=4, encoding_format="float"
        )
    assert len(plain.data[0].embedding) == 4
    assert packed.data[0].embedding == plain.data[0].embedding != packed.data[1].embedding
    assert hello.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_errors_raise_the_sdks_exceptions(status: int, error: type[openai.APIStatusError]) -> None:
    """An error reply becomes the exception that the real API's status becomes."""
    with (
        ChatServer(Reply.error(status, "no luck")) as server,
        connect(server) as client,
        pytest.raises(error, match="no luck") as caught,
    ):
        client.chat.completions.create(**CHAT)
    assert caught.value.status_code == status


def test_streams_fail_or_drop_in_the_middle() -> None:
    """After the named number of deltas comes an error, or nothing."""
    long = Reply.text("word " * 40)
    script = [long.failing(after=2), long.dropping(after=2), long.failing(after=2), long.text("x").failing()]
    with ChatServer(script) as server, connect(server) as client:
        assert deltas_before(client, openai.APIError, "The server had an error") == 2
        assert deltas_before(client, Exception, "Connection error|closed connection|incomplete chunked") == 2
        kinds = [event.type for event in client.responses.create(**RESPOND, stream=True)]
        with pytest.raises(openai.InternalServerError):
            client.responses.create(**RESPOND)
    assert kinds[-3:] == ["response.output_text.delta", "response.output_text.delta", "response.failed"]


def deltas_before(client: Any, error: type[Exception], message: str) -> int:
    """Content deltas that arrive before the stream raises `error`."""
    deltas: list[Any] = []
    chunks = client.chat.completions.create(**CHAT, stream=True)
    with pytest.raises(error, match=message):
        deltas.extend(chunk for chunk in chunks if chunk.choices[0].delta.content)
    return len(deltas)


def test_an_answer_that_is_cut_off_says_so() -> None:
    """`max_tokens` is `length` in chat and `incomplete` in responses."""
    with ChatServer(Reply.text("And th", stop_reason="max_tokens")) as server, connect(server) as client:
        assert client.chat.completions.create(**CHAT).choices[0].finish_reason == "length"
        assert client.responses.create(**RESPOND).status == "incomplete"


def test_async_clients_call_at_once(hello: ChatServer) -> None:
    """Twenty calls at once over the async client."""

    async def talk() -> int:
        client: Any = openai.AsyncOpenAI(api_key="test", base_url=hello.url)
        async with client:
            return len(await asyncio.gather(*(client.chat.completions.create(**CHAT) for _ in range(20))))

    assert asyncio.run(talk()) == len(hello.requests) == 20


def test_malformed_requests_get_the_apis_answers(hello: ChatServer) -> None:
    """A missing field, a missing key, broken JSON and an unknown path are refused and not recorded."""
    with connect(hello) as client:
        with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'model'"):
            client.chat.completions.create(**{**CHAT, "model": ""})
        with pytest.raises(openai.NotFoundError, match="Invalid URL"):
            client.models.list()
    assert post(hello, json.dumps(CHAT).encode(), {}) == 401
    assert post(hello, b"{", {"authorization": "Bearer test"}) == 400
    assert hello.requests == []


def post(server: ChatServer, body: bytes, headers: dict[str, str]) -> int:
    """The status of a request that the SDK would not send."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    with closing(connection):
        connection.request("POST", "/v1/chat/completions", body, headers)
        return connection.getresponse().status


def test_a_body_may_come_in_chunks(hello: ChatServer) -> None:
    """A chunked request is read to its end, and the connection serves the next one."""
    connection = HTTPConnection(urlsplit(hello.url).netloc, timeout=5)
    body = json.dumps(CHAT).encode()
    with closing(connection):
        for _ in range(2):
            pieces = iter([body[:9], body[9:]])
            headers = {"authorization": "Bearer test", "transfer-encoding": "chunked"}
            connection.request("POST", "/v1/chat/completions", pieces, headers, encode_chunked=True)
            answer = connection.getresponse()
            assert (answer.status, b"Hello" in answer.read()) == (200, True)
    assert [request.body for request in hello.requests] == [CHAT, CHAT]
