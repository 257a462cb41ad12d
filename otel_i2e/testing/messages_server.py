"""A small local Anthropic Messages API, for tests, examples and the demo: real HTTP, scripted answers.

    with MessagesServer([Reply.error(529, retry_after=0.01), Reply.text("Hello!")]) as server:
        client = anthropic.Anthropic(api_key="test", base_url=server.url)
        client.messages.create(model="claude-sonnet-5", max_tokens=100, messages=[…])
    assert server.requests[-1].model == "claude-sonnet-5"

It serves `POST /v1/messages` (also with `?beta=true`), streaming when the request asks for it, and
`POST /v1/messages/count_tokens`, which costs no reply of the script; and Message Batches at `/v1/messages/batches`,
whose requests take their replies from the same script.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

from otel_i2e.testing.local_http import HttpAnswer, HttpCall
from otel_i2e.testing.messages_batches import BATCHES, LocalBatches, lines
from otel_i2e.testing.messages_wire import error_body, events, message, tokens_in
from otel_i2e.testing.model_server import ModelRequest, ModelServer, event_stream, json_answer
from otel_i2e.testing.reply import Failure, Reply

__all__ = ["MessagesRequest", "MessagesServer"]

Json = dict[str, Any]
_MESSAGES: Final = "/v1/messages"
_COUNT: Final = "/v1/messages/count_tokens"


@dataclass(frozen=True, slots=True)
class MessagesRequest(ModelRequest):
    """A request to the Messages API, as a script reads it."""

    @property
    def system(self) -> str:
        """The system prompt as text."""
        return _text(self.body.get("system"))

    @property
    def messages(self) -> list[Json]:
        """The messages as sent."""
        return list(self.body.get("messages") or ())

    @property
    def tools(self) -> list[str]:
        """Names of the tools that were offered."""
        return [str(tool.get("name")) for tool in self.body.get("tools") or ()]

    @property
    def question(self) -> str:
        """The text of the last user message that has any."""
        texts = (_text(message.get("content")) for message in reversed(self.messages) if message.get("role") == "user")
        return next((text for text in texts if text), "")

    @property
    def tool_results(self) -> list[str]:
        """The texts of all tool results in order."""
        blocks = (block for message in self.messages for block in _blocks(message.get("content")))
        return [_text(block.get("content")) for block in blocks if block.get("type") == "tool_result"]


class MessagesServer(ModelServer[MessagesRequest]):
    """Serves scripted replies while the context is open, to messages and to the requests of batches."""

    def __init__(self, script: Reply | Iterable[Reply] | Callable[[MessagesRequest], Reply]) -> None:
        super().__init__(script)
        self.batches = LocalBatches(lambda: self.url, self._batched)
        """What came as Message Batches."""

    def _batched(self, params: Json) -> Reply:
        return self._script.reply(MessagesRequest(BATCHES, {}, params))

    def _answer(self, call: HttpCall) -> HttpAnswer:
        if call.path.startswith(BATCHES):
            status, found = self.batches.answer(call)
            if isinstance(found, Failure):
                return _failed(found)
            return lines(found) if isinstance(found, list) else _json(status, found)
        body, failure = _checked(call)
        if failure is not None:
            return _failed(failure)
        if call.path == _COUNT:
            prompt = [body.get(name) for name in ("system", "tools", "messages")]
            return _json(200, {"input_tokens": tokens_in(prompt)})
        request = MessagesRequest(call.path, call.headers, body)
        return _written(self._reply(request), request)


def _checked(call: HttpCall) -> tuple[Json, Failure | None]:
    """The body, and the error that the real API gives to a request it cannot take."""
    if call.path not in (_MESSAGES, _COUNT) or call.method != "POST":
        return {}, Failure(404, "not_found_error", f"no such endpoint: {call.method} {call.path}")
    if not (call.headers.get("x-api-key") or call.headers.get("authorization")):
        return {}, Failure(401, "authentication_error", "x-api-key header is required")
    try:
        body = json.loads(call.body)
    except ValueError:
        return {}, Failure(400, "invalid_request_error", "the request body is not valid JSON")
    for name in ("model", "messages") if call.path == _COUNT else ("model", "max_tokens", "messages"):
        if not body.get(name):
            return {}, Failure(400, "invalid_request_error", f"{name}: Field required")
    return body, None


def _written(reply: Reply, request: MessagesRequest) -> HttpAnswer:
    if reply.failure is not None:
        return _failed(reply.failure, delay=reply.delay)
    dropped = reply.ending == "dropped"
    if not request.stream:
        if reply.ending == "error":
            return _failed(Failure(529, "overloaded_error", "Overloaded"), delay=reply.delay)
        return _json(200, message(reply, request.body), delay=reply.delay, dropped=dropped)
    return event_stream(reply, events(reply, request.body), _request_id())


def _failed(failure: Failure, *, delay: float = 0.0) -> HttpAnswer:
    headers = _request_id()
    body = error_body(failure, headers["request-id"])
    if failure.retry_after is not None:
        headers["retry-after"] = f"{failure.retry_after:g}"
    return _json(failure.status, body, headers=headers, delay=delay)


def _json(
    status: int, body: Json, *, headers: Mapping[str, str] | None = None, delay: float = 0.0, dropped: bool = False
) -> HttpAnswer:
    return json_answer(status, body, {**_request_id(), **(headers or {})}, delay=delay, dropped=dropped)


def _request_id() -> dict[str, str]:
    return {"request-id": f"req_{uuid4().hex[:24]}"}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in _blocks(content) if block.get("type") == "text")


def _blocks(content: Any) -> list[Json]:
    return cast("list[Json]", content) if isinstance(content, list) else []
