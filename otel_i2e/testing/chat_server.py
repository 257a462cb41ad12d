"""A small local OpenAI-compatible API, for tests and examples: real HTTP, scripted answers.

    with ChatServer([Reply.error(500), Reply.text("Hello!")]) as server:
        client = openai.OpenAI(api_key="test", base_url=server.url)
        client.chat.completions.create(model="gpt-5-mini", messages=[…])
    assert server.requests[-1].model == "gpt-5-mini"

It serves `POST /v1/chat/completions` and `POST /v1/responses`, streaming when the request asks for it, and
`POST /v1/embeddings`, which costs no reply of the script. The same `Reply` values drive the Messages API.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

from otel_i2e.testing.chat_wire import completion, completion_events, error_body
from otel_i2e.testing.local_http import HttpAnswer, HttpCall
from otel_i2e.testing.messages_wire import tokens_in
from otel_i2e.testing.model_server import ModelRequest, ModelServer, event_stream, json_answer
from otel_i2e.testing.reply import Failure, Reply
from otel_i2e.testing.responses_wire import response, response_events

__all__ = ["ChatRequest", "ChatServer"]

Json = dict[str, Any]
_CHAT: Final = "/v1/chat/completions"
_RESPONSES: Final = "/v1/responses"
_EMBEDDINGS: Final = "/v1/embeddings"
_REQUIRED: Final = {_CHAT: ("model", "messages"), _RESPONSES: ("model", "input"), _EMBEDDINGS: ("model", "input")}
_DIMENSIONS: Final = 8


@dataclass(frozen=True, slots=True)
class ChatRequest(ModelRequest):
    """A request to the Chat Completions or the Responses API, as a script reads it."""

    @property
    def messages(self) -> list[Json]:
        """The messages (or items of the Responses API) as sent; a bare text is one user message."""
        given: str | list[Json] = self.body.get("messages") or self.body.get("input") or []
        return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)

    @property
    def system(self) -> str:
        """The system prompt as text: instructions, system and developer messages."""
        told = [str(self.body.get("instructions") or "")]
        told += [_text(one.get("content")) for one in self.messages if one.get("role") in ("system", "developer")]
        return "\n".join(text for text in told if text)

    @property
    def tools(self) -> list[str]:
        """Names of the tools that were offered."""
        return [str((tool.get("function") or tool).get("name")) for tool in self.body.get("tools") or ()]

    @property
    def question(self) -> str:
        """The text of the last user message that has any."""
        texts = (_text(one.get("content")) for one in reversed(self.messages) if one.get("role") == "user")
        return next((text for text in texts if text), "")

    @property
    def tool_results(self) -> list[str]:
        """The texts of all tool results in order."""
        results = [
            one for one in self.messages if one.get("role") == "tool" or one.get("type") == "function_call_output"
        ]
        return [_text(one.get("content", one.get("output"))) for one in results]


class ChatServer(ModelServer[ChatRequest]):
    """Serves scripted replies while the context is open; the script is read for completions and responses."""

    @property
    def url(self) -> str:
        """The base URL with `/v1`, for `base_url=` or `OPENAI_BASE_URL`."""
        return f"{super().url}/v1"

    def _answer(self, call: HttpCall) -> HttpAnswer:
        body, failure = _checked(call)
        if failure is not None:
            return _failed(failure)
        if call.path == _EMBEDDINGS:
            return _json(200, _embeddings(body))
        request = ChatRequest(call.path, call.headers, body)
        return _written(self._reply(request), request)


def _checked(call: HttpCall) -> tuple[Json, Failure | None]:
    """The body, and the error that the real API gives to a request it cannot take."""
    if call.path not in _REQUIRED or call.method != "POST":
        return {}, Failure(404, "invalid_request_error", f"Invalid URL ({call.method} {call.path})")
    if not (call.headers.get("authorization") or call.headers.get("api-key")):
        return {}, Failure(401, "invalid_request_error", "You didn't provide an API key.")
    try:
        body = json.loads(call.body)
    except ValueError:
        return {}, Failure(400, "invalid_request_error", "We could not parse the JSON body of your request.")
    for name in _REQUIRED[call.path]:
        if not body.get(name):
            return {}, Failure(400, "invalid_request_error", f"Missing required parameter: '{name}'.")
    return body, None


def _written(reply: Reply, request: ChatRequest) -> HttpAnswer:
    if reply.failure is not None:
        return _failed(reply.failure, delay=reply.delay)
    whole, events = (completion, completion_events) if request.path == _CHAT else (response, response_events)
    dropped = reply.ending == "dropped"
    if not request.stream:
        if reply.ending == "error":
            return _failed(Failure(500, "server_error", "The server had an error"), delay=reply.delay)
        return _json(200, whole(reply, request.body), delay=reply.delay, dropped=dropped)
    return event_stream(reply, events(reply, request.body), _request_id())


def _failed(failure: Failure, *, delay: float = 0.0) -> HttpAnswer:
    headers = {"retry-after": f"{failure.retry_after:g}"} if failure.retry_after is not None else {}
    return _json(failure.status, error_body(failure), headers=headers, delay=delay)


def _json(
    status: int, body: Json, *, headers: Mapping[str, str] | None = None, delay: float = 0.0, dropped: bool = False
) -> HttpAnswer:
    return json_answer(status, body, {**_request_id(), **(headers or {})}, delay=delay, dropped=dropped)


def _request_id() -> dict[str, str]:
    return {"x-request-id": f"req_{uuid4().hex}"}


def _embeddings(body: Json) -> Json:
    given: Any = body["input"]
    texts = cast("list[Any]", given) if isinstance(given, list) else [given]
    vectors = [list(_vector(str(text), int(body.get("dimensions") or _DIMENSIONS))) for text in texts]
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(tokens_in(text) for text in texts)
    return {
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _vector(text: str, dimensions: int) -> Iterator[float]:
    """Numbers in [-1, 1) that depend on the text alone."""
    for index in range(dimensions):
        (number,) = struct.unpack(">H", hashlib.sha256(f"{index} {text}".encode()).digest()[:2])
        yield (number - 32768) / 32768


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    blocks = cast("list[Json]", content) if isinstance(content, list) else []
    return "\n".join(str(block["text"]) for block in blocks if block.get("text"))
