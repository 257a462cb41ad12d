"""The real Anthropic SDK against a real local server: one span a call, with everything that happened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import anthropic
import httpx2
import pytest
from anthropic import _base_client
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.anthropic_sdk import complete_anthropic
from otel_i2e.capture.recorder import Recorder
from otel_i2e.capture.tracing import join_tracing
from otel_i2e.config import Settings
from otel_i2e.spool import Spool
from otel_i2e.testing import MessagesServer, Reply, TextBlock, ThinkingBlock, ToolBlock

LONG = "The shop takes laptops back within thirty days of delivery, unopened."
TOOLS: Any = [
    {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
]
ASKED: Any = {"model": "claude-x", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared in the SDK is undone after the test."""
    client: Any = _base_client.BaseClient
    monkeypatch.setattr(client, "__init__", client.__init__)
    monkeypatch.setattr(client, "_set_open_telemetry", client._set_open_telemetry)


@pytest.fixture
def recorder(settings: Settings, untouched: None) -> Iterator[Recorder]:
    """A recorder that completes the SDK."""
    recorder = Recorder(settings)
    complete_anthropic(recorder, lambda provider: join_tracing(recorder, provider))
    yield recorder
    recorder.close()


@pytest.fixture
def options() -> Any:
    """The client option that names a provider of the test's own."""
    return {"tracer_provider": TracerProvider(shutdown_on_exit=False)}


_opened: list[anthropic.Anthropic] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every client is closed after its test."""
    yield
    while _opened:
        _opened.pop().close()


def _client(server: MessagesServer, options: Any, **given: Any) -> anthropic.Anthropic:
    given = {"max_retries": 0, **given}
    client = anthropic.Anthropic(api_key="test", base_url=server.url, open_telemetry=options, **given)
    _opened.append(client)
    return client


def _async_client(server: MessagesServer, options: Any) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key="test", base_url=server.url, open_telemetry=options, max_retries=0)


def _output(span: Any) -> list[Any]:
    [message] = json.loads(span.attributes["gen_ai.output.messages"])
    return message["parts"]


def test_a_call_has_content_tools_parameters_and_usage(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """What the SDK leaves out is there beside what it records."""
    reply = Reply.tool("look", {"q": 1}, id="t1", saying="Let me see.", thinking="hm")
    with MessagesServer(reply) as server:
        _client(server, options).messages.create(
            **ASKED,
            system="Be brief.",
            tools=TOOLS,
            tool_choice={"type": "tool", "name": "look"},
            metadata={"user_id": "u1"},
            extra_body={"temperature": 0.5, "top_k": 3, "secretive": {"token": "s3cret"}, "words": "said"},
        )
    [span] = recorded()
    assert (span.name, span.status) == ("anthropic.messages.create", "ok")
    assert json.loads(span.attributes["gen_ai.tool.definitions"]) == [
        {
            "type": "function",
            "name": "look",
            "description": "Looks.",
            "parameters": {"type": "object", "properties": {}},
        },
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
    ]
    assert span.attributes["gen_ai.request.temperature"] == 0.5
    assert span.attributes["gen_ai.request.top_k"] == 3
    assert json.loads(span.attributes["gen_ai.request.tool_choice"]) == {"type": "tool", "name": "look"}
    assert span.attributes["user.id"] == "u1"
    assert not any("s3cret" in str(value) or value == "said" for value in span.attributes.values())
    assert json.loads(span.attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be brief."}]
    assert [part["type"] for part in _output(span)] == ["reasoning", "text", "tool_call"]
    assert span.attributes["gen_ai.usage.output_tokens"] > 0
    assert span.events == []


REPLY = Reply((ThinkingBlock("hm"), TextBlock(LONG), ToolBlock("look", {"q": "x"}, "t1")))
PARTS = [
    {"type": "reasoning", "content": "hm"},
    {"type": "text", "content": LONG},
    {"type": "tool_call", "id": "t1", "name": "look", "arguments": {"q": "x"}},
]


def _read_plain(client: Any) -> None:
    for _ in client.messages.create(**ASKED, stream=True):
        pass


def _read_beta(client: Any) -> None:
    for _ in client.beta.messages.create(**ASKED, stream=True):
        pass


def _read_helper(client: Any) -> None:
    with client.messages.stream(**ASKED) as stream:
        assert stream.get_final_message().stop_reason == "tool_use"


def _read_raw_response(client: Any) -> None:
    for _ in client.messages.with_raw_response.create(**ASKED, stream=True).parse():
        pass


def _read_bytes(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASKED, stream=True) as response:
        assert b"message_stop" in b"".join(response.iter_bytes())


def _read_unstreamed_bytes(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASKED) as response:
        assert response.parse().stop_reason == "tool_use"


def _read_whole(client: Any) -> None:
    assert client.messages.with_raw_response.create(**ASKED).parse().content[1].text == LONG


@pytest.mark.parametrize(
    "read",
    [_read_plain, _read_beta, _read_helper, _read_raw_response, _read_bytes, _read_unstreamed_bytes, _read_whole],
)
def test_however_an_answer_is_read_its_output_and_usage_are_recorded(
    read: Callable[[Any], None], recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """One span, every part, the usage and the reason to stop."""
    with MessagesServer(REPLY) as server:
        read(_client(server, options))
    [span] = recorded()
    assert _output(span) == PARTS
    assert span.status == "ok"
    assert span.attributes["gen_ai.usage.output_tokens"] > 1
    assert span.attributes["gen_ai.usage.input_tokens"] > 1
    assert span.attributes["gen_ai.response.id"].startswith("msg_")
    assert span.attributes["anthropic.message.stop_reason"] == "tool_use"


def test_async_clients_are_recorded_in_every_way(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """Whole, streamed, by the helper and as bytes."""

    async def use(server: MessagesServer) -> None:
        async with _async_client(server, options) as client:
            await client.messages.create(**ASKED)
            async for _ in await client.messages.create(**ASKED, stream=True):
                pass
            async with client.messages.stream(**ASKED) as stream:
                await stream.get_final_message()
            async with client.messages.with_streaming_response.create(**ASKED, stream=True) as response:
                assert [chunk async for chunk in response.iter_bytes()]

    with MessagesServer(REPLY) as server:
        asyncio.run(use(server))
    spans = recorded()
    assert [_output(span) for span in spans] == [PARTS] * 4
    assert {span.status for span in spans} == {"ok"}


def test_a_stream_that_is_left_early_is_recorded_as_far_as_it_was_read(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """By break, by close, by dropping it, and in an async client: the SDK ends the span before anybody could add."""

    def leave(stream: Any, how: str) -> None:
        for event in stream:
            if event.type == "content_block_delta":
                break
        if how == "close":
            stream.close()

    async def leave_async(server: MessagesServer) -> None:
        async with _async_client(server, options) as client:
            stream = await client.messages.create(**ASKED, stream=True)
            async for event in stream:
                if event.type == "content_block_delta":
                    break
            await stream.close()

    with MessagesServer(Reply((TextBlock(LONG),), pace=0.01)) as server:
        client = _client(server, options)
        leave(client.messages.create(**ASKED, stream=True), "drop")
        leave(client.messages.create(**ASKED, stream=True), "close")
        asyncio.run(leave_async(server))
    spans = recorded()
    assert len(spans) == 3
    for span in spans:
        [part] = _output(span)
        assert LONG.startswith(part["content"])
        assert 0 < len(part["content"]) < len(LONG)
        assert span.status == "unset"
        assert span.events == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_error_answer_has_its_message_and_code(
    stream: bool, asynchronous: bool, recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """The application sees the SDK's error; the span has an exception with the API's own words."""
    with MessagesServer(Reply.error(429, message="Too many.")) as server:

        async def ask() -> None:
            async with _async_client(server, options) as client:
                await client.messages.create(**ASKED, stream=stream)

        with pytest.raises(anthropic.RateLimitError, match="Too many"):
            asyncio.run(ask()) if asynchronous else _client(server, options).messages.create(**ASKED, stream=stream)
    [span] = recorded()
    assert (span.status, span.attributes["error.type"]) == ("error", "rate_limit_error")
    assert span.events == [
        (
            "exception",
            {
                "exception.type": "rate_limit_error",
                "exception.message": "Too many.",
                "http.response.status_code": 429,
            },
        )
    ]


def test_an_error_inside_a_stream_has_its_message_and_what_came_before(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """Status 200, then an error event."""
    with MessagesServer(Reply.text(LONG).failing(2)) as server, pytest.raises(anthropic.APIStatusError):
        _read_plain(_client(server, options))
    [span] = recorded()
    assert span.status == "error"
    assert span.events[0][1]["exception.message"] == "Overloaded"
    assert LONG.startswith(_output(span)[0]["content"])


def test_a_connection_that_breaks_has_a_message(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """In the middle of a stream, and when nobody listens: the cause is named."""
    with MessagesServer(Reply.text(LONG).dropping(2)) as server:
        client = _client(server, options)
        with pytest.raises(Exception, match="closed"):
            _read_plain(client)
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASKED)
    broken, refused = recorded()
    assert [broken.status, refused.status] == ["error", "error"]
    assert "closed" in broken.events[0][1]["exception.message"]
    assert broken.events[0][1]["exception.type"].endswith("RemoteProtocolError")
    assert "refused" in refused.events[0][1]["exception.message"]
    assert refused.events[0][1]["exception.type"] == "anthropic.APIConnectionError"


def test_a_call_that_succeeds_on_a_retry_is_one_span_without_an_error(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """529, then an answer; both attempts are the same call."""
    script = [
        Reply.error(529, retry_after=0.01),
        Reply.text(LONG),
        Reply.error(529, retry_after=0.01),
        Reply.text(LONG),
    ]
    with MessagesServer(script) as server:
        client = _client(server, options, max_retries=2)
        client.messages.create(**ASKED)
        _read_plain(client)
        assert len(server.requests) == 4
    spans = recorded()
    assert [(span.status, span.events, _output(span)[0]["content"]) for span in spans] == [("ok", [], LONG)] * 2
    assert spans[0].attributes["http.request.resend_count"] == 1


def test_a_call_that_fails_on_every_try_is_one_span_with_the_last_error(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """Retries do not add up."""
    script = [Reply.error(529, retry_after=0.01), Reply.error(500, message="The last.")]
    with MessagesServer(script) as server, pytest.raises(anthropic.InternalServerError):
        _client(server, options, max_retries=1).messages.create(**ASKED)
    [span] = recorded()
    assert [event["exception.message"] for _, event in span.events] == ["The last."]


def test_other_endpoints_are_left_alone(recorded: Callable[..., list[Any]], recorder: Recorder, options: Any) -> None:
    """count_tokens has the SDK's own span and nothing of ours."""
    with MessagesServer(Reply.text("x")) as server:
        _client(server, options).messages.count_tokens(model="m", messages=ASKED["messages"], tools=TOOLS)
    [span] = recorded()
    assert span.name == "anthropic.messages.count_tokens"
    assert "gen_ai.tool.definitions" not in span.attributes


@pytest.mark.parametrize("status", [400, 529])
def test_a_plain_response_raises_and_is_tried_again_as_without_us(
    recorder: Recorder, options: Any, status: int
) -> None:
    """With a middleware the SDK hands an error back where httpx2.Response was asked for; ours must not be noticed."""
    tries = 1 if status == 400 else 2
    with MessagesServer([Reply.error(status)] * 2) as server:
        client = _client(server, options, max_retries=1)
        with pytest.raises(anthropic.APIStatusError) as raised:
            client.post("/v1/messages", cast_to=httpx2.Response, body=ASKED)
        assert raised.value.status_code == status
        assert len(server.requests) == tries
    with MessagesServer([Reply.error(status)] * 2) as server:

        async def ask() -> None:
            async with _async_client(server, options) as asynchronous:
                await asynchronous.post("/v1/messages", cast_to=httpx2.Response, body=ASKED)

        with pytest.raises(anthropic.APIStatusError):
            asyncio.run(ask())


def test_clients_made_from_others_are_recorded_once(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """copy, with_options and with_middleware: content stays on, ours is in once, the application's own works."""
    seen: list[str] = []

    def theirs(request: Any, call_next: Any) -> Any:
        seen.append(request.url)
        return call_next(request)

    chosen: Any = {**options, "conversation_id": "c1"}
    with MessagesServer(REPLY) as server:
        client = _client(server, options)
        for made in (
            client.copy(),
            client.with_options(timeout=9),
            client.with_middleware(theirs),
            client.with_options(middleware=[theirs]),
            client.with_options(middleware=[*client.middleware, theirs]),
            client.with_options(open_telemetry=chosen),
        ):
            assert sum(type(entry).__name__ == "Completion" for entry in made.middleware) == 1
            made.messages.create(**ASKED, tools=TOOLS)
    spans = recorded()
    assert len(spans) == 6
    assert all(_output(span) == PARTS and "gen_ai.tool.definitions" in span.attributes for span in spans)
    assert len(seen) == 3
    assert spans[-1].attributes["gen_ai.conversation.id"] == "c1"


def test_a_span_of_the_applications_middleware_is_not_written_to(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """Ours runs outside of it, where the current span is the call's own."""
    tracer = options["tracer_provider"].get_tracer("app")

    def theirs(request: Any, call_next: Any) -> Any:
        with tracer.start_as_current_span("theirs"):
            return call_next(request)

    with MessagesServer(REPLY) as server:
        _client(server, options, middleware=[theirs]).messages.create(**ASKED, tools=TOOLS)
    by_name = {span.name: span for span in recorded()}
    assert by_name["theirs"].attributes == {}
    assert "gen_ai.tool.definitions" in by_name["anthropic.messages.create"].attributes


@pytest.mark.parametrize(
    ("option", "environment", "spans", "content"),
    [
        ({}, {}, 1, True),
        ({"traces": True}, {}, 1, True),
        ({"traces": {"max_content_bytes": 10**6}}, {}, 1, True),
        ({"traces": {"content_mode": "metadata_only"}}, {}, 1, False),
        ({"traces": False}, {}, 0, False),
        ({"traces": {"enabled": False}}, {}, 0, False),
        (False, {}, 0, False),
        (None, {"ANTHROPIC_OPEN_TELEMETRY": "false"}, 0, False),
        (None, {"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "metadata_only"}, 1, False),
        (None, {"ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES": "77777"}, 1, True),
        (None, {}, 1, True),
    ],
)
def test_what_the_user_chose_wins(  # noqa: PLR0917 -- pytest passes them by name
    option: Any,
    environment: dict[str, str],
    spans: int,
    content: bool,
    recorded: Callable[..., list[Any]],
    recorder: Recorder,
    options: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An option or a variable about content, or one that switches traces off; otherwise content is on."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    provider = options["tracer_provider"]
    join_tracing(recorder, provider)
    if option is None:
        monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    given: Any = option if option is None or option is False else {**option, **options}
    with MessagesServer(REPLY) as server:
        client = _client(server, given)
        with provider.get_tracer("app").start_as_current_span("around"):
            client.messages.create(**ASKED, tools=TOOLS)
            _read_plain(client)
    *calls, around = sorted(recorded(), key=lambda span: span.name == "around")
    assert around.attributes == {}
    assert len(calls) == 2 * spans
    for span in calls:
        assert ("gen_ai.input.messages" in span.attributes) is content
        assert ("gen_ai.output.messages" in span.attributes) is content
        assert span is not calls[0] or ("gen_ai.tool.definitions" in span.attributes) is content
    if environment.get("ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES"):
        assert client.open_telemetry["traces"]["max_content_bytes"] == 77777


def test_a_client_that_does_not_trace_leaves_the_applications_span_alone(
    recorded: Callable[..., list[Any]], recorder: Recorder, options: Any
) -> None:
    """Nothing of the call is put on the span around it."""
    provider = options["tracer_provider"]
    join_tracing(recorder, provider)
    with MessagesServer(REPLY) as server, provider.get_tracer("app").start_as_current_span("around"):
        _client(server, options=False).messages.create(**ASKED, tools=TOOLS)
    [span] = recorded()
    assert (span.name, span.attributes) == ("around", {})


def test_metadata_mode_records_calls_without_content(
    settings: Settings, untouched: None, options: Any, in_spool: Any
) -> None:
    """The SDK's content stays off, and one that an application switched on is left out of the record."""
    recorder = Recorder(Settings(store=settings.store, capture="metadata", flush_interval=0.01))
    complete_anthropic(recorder, lambda provider: join_tracing(recorder, provider))
    with MessagesServer(REPLY) as server:
        _client(server, options).messages.create(**ASKED, tools=TOOLS, extra_body={"top_k": 2})
        _read_plain(_client(server, {**options, "traces": {"content_mode": "content"}}))
    assert recorder.close(30)
    plain, chosen = in_spool(recorder.spool_path, "traces")
    for span in (plain, chosen):
        assert not {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions"} & set(span.attributes)
        assert span.attributes["i2e.content.capture"] == "metadata"
        assert span.attributes["gen_ai.usage.output_tokens"] > 1
    assert plain.attributes["gen_ai.request.top_k"] == 2


def test_our_limit_on_content_is_given_to_the_sdk(recorder: Recorder, options: Any) -> None:
    """A client records as much as the settings say."""
    with MessagesServer(REPLY) as server:
        traces = _client(server, options).open_telemetry["traces"]
    assert traces["max_content_bytes"] == recorder.settings.recorded_bytes == 1_000_000


def test_a_failure_of_ours_is_counted_and_the_call_goes_on(
    recorder: Recorder, options: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The application gets its answer whatever breaks in here; said once."""

    def broken(*_args: Any, **_given: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("otel_i2e.capture.anthropic_call.Call.__init__", broken)
    with MessagesServer(REPLY) as server:
        for _ in range(3):
            assert cast("Any", _client(server, options).messages.create)(**ASKED).stop_reason == "tool_use"
    assert recorder.close(30)
    assert Spool(recorder.spool_path).counters() == {
        ("incomplete", "a call of the anthropic SDK could not be completed"): 3
    }
    assert len([line for line in caplog.messages if "incomplete" in line]) == 1


def test_an_sdk_without_what_is_needed_is_said_once(scripts: Any) -> None:
    """Its own spans are recorded as they are, with content asked for by its variable."""
    result = scripts.run(
        """
        import sys, types
        import otel_i2e.auto, os
        package = types.ModuleType("anthropic"); package.__path__ = ["."]
        sys.modules["anthropic"] = package
        open("_base_client.py", "w").write("class Other: pass\\n")
        import importlib
        importlib.import_module("anthropic._base_client")
        assert os.environ["ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE"] == "content"
        """
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("anthropic SDK is not known") == 1
