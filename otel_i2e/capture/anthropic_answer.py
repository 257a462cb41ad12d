"""The body of an Anthropic Messages answer, as the application read it → what its span should say.

Bytes are gathered while the application reads them, whole or in part, and understood later, on the
recording thread. Shapes follow https://docs.claude.com/en/api/messages and …/messages-streaming; parts
follow the JSON schemas of the OpenTelemetry generative-AI conventions, as the SDK's own spans do.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from typing import Any, Final, cast

from otel_i2e.semconv import (
    CACHE_READ_TOKENS,
    CACHE_WRITE_TOKENS,
    INPUT_TOKENS,
    OUTPUT_MESSAGES,
    OUTPUT_TOKENS,
    RESPONSE_ID,
    RESPONSE_MODEL,
)

__all__ = ["Answer", "error_in", "facts_of", "message_in"]

Json = dict[str, Any]
_LIMIT: Final = 32_000_000
"""Bytes of a body that are kept; of an answer that is longer, the beginning is recorded."""
_ANY_ZLIB: Final = 47  # zlib's word for "gzip or zlib, by its header"


class Answer:
    """The bytes of one response body, as far as they were read."""

    __slots__ = ("_chunks", "_encoding", "_size", "error", "failed_at", "is_stream")

    def __init__(self, *, is_stream: bool, encoding: str = "") -> None:
        self.is_stream = is_stream
        """Whether it is server-sent events."""
        self.error: BaseException | None = None
        """What broke the reading off."""
        self.failed_at = 0
        """When, in nanoseconds since the epoch."""
        self._encoding = encoding.strip().lower()
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Keep a chunk that was read."""
        if self._size < _LIMIT:
            self._chunks.append(chunk)
            self._size += len(chunk)

    def failed(self, error: BaseException) -> None:
        """Reading raised `error`."""
        self.error, self.failed_at = error, time.time_ns()

    def text(self) -> str:
        """What was read, decompressed. Raises ValueError for an encoding that cannot be undone here."""
        data = b"".join(self._chunks)
        if self._encoding in ("gzip", "x-gzip", "deflate"):
            data = zlib.decompressobj(_ANY_ZLIB).decompress(data)
        elif self._encoding not in ("", "identity"):
            data = _decoder(self._encoding).decode(data)
        return data.decode("utf-8", "replace")


def message_in(answer: Answer) -> tuple[Json | None, Json | None, bool]:
    """The message, the error and whether the message is complete. Of a stream: as far as it was read."""
    text = answer.text()
    if answer.is_stream:
        return _streamed(text)
    body = _parsed(text)
    if not isinstance(body, dict):
        return None, None, False
    whole = cast("Json", body)
    return (None, whole, True) if whole.get("type") == "error" else (whole, None, True)


def facts_of(message: Json, *, complete: bool, content: bool) -> Json:
    """Attributes of the span that has `message` as its answer; with the output when `content`."""
    usage = _object(message.get("usage"))
    read, written = _tokens(usage, "cache_read_input_tokens"), _tokens(usage, "cache_creation_input_tokens")
    uncached = _tokens(usage, "input_tokens")
    facts: Json = {
        RESPONSE_ID: message.get("id"),
        RESPONSE_MODEL: message.get("model"),
        CACHE_READ_TOKENS: read,
        CACHE_WRITE_TOKENS: written,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": _tokens(
            _object(usage.get("cache_creation")), "ephemeral_1h_input_tokens"
        ),
        INPUT_TOKENS: None if uncached is None else uncached + (read or 0) + (written or 0),
        OUTPUT_TOKENS: _tokens(usage, "output_tokens") if complete else None,
        "anthropic.message.stop_reason": message.get("stop_reason"),
    }
    blocks = message.get("content")
    if content and isinstance(blocks, list):
        parts = [_part(_object(block)) for block in cast("list[Any]", blocks)]
        output: Json = {"role": "assistant", "parts": parts}
        if message.get("stop_reason"):
            output["finish_reason"] = message["stop_reason"]
        facts[OUTPUT_MESSAGES] = json.dumps([output], ensure_ascii=False, separators=(",", ":"))
    return {key: value for key, value in facts.items() if value is not None}


def error_in(body: Json) -> tuple[str, str]:
    """Type and message of an error body, `{"type": "error", "error": {"type", "message"}}`."""
    error = _object(body.get("error"))
    return str(error.get("type") or "error"), str(error.get("message") or json.dumps(body, ensure_ascii=False))


def _streamed(text: str) -> tuple[Json | None, Json | None, bool]:
    message: Json | None = None
    blocks: dict[int, Json] = {}
    error: Json | None = None
    complete = False
    for line in text.splitlines():
        event = _object(_parsed(line[5:])) if line.startswith("data:") else {}
        match event.get("type"):
            case "message_start":
                message = _object(event.get("message"))
            case "content_block_start":
                blocks[event.get("index", len(blocks))] = {**_object(event.get("content_block"))}
            case "content_block_delta":
                _apply(blocks.setdefault(event.get("index", 0), {}), _object(event.get("delta")))
            case "message_delta" if message is not None:
                complete = True
                message |= {key: value for key, value in _object(event.get("delta")).items() if value is not None}
                message["usage"] = {**_object(message.get("usage")), **_object(event.get("usage"))}
            case "error":
                error = event
            case _:
                pass
    if message is not None:
        message["content"] = [_settled(block) for _, block in sorted(blocks.items())]
    return message, error, complete


_GROWING: Final = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def _apply(block: Json, delta: Json) -> None:
    field = _GROWING.get(str(delta.get("type")))
    if field is not None:
        block.setdefault(f"_{field}", []).append(str(delta.get(field) or ""))


def _settled(block: Json) -> Json:
    for field in ("text", "thinking"):
        if pieces := block.pop(f"_{field}", None):
            block[field] = str(block.get(field) or "") + "".join(pieces)
    if pieces := block.pop("_partial_json", None):
        raw = "".join(pieces)
        parsed = _parsed(raw)
        block["input"] = raw if parsed is None else parsed  # cut off: as far as it came
    return block


def _part(block: Json) -> Json:
    kind = str(block.get("type"))
    if kind == "text":
        return {"type": "text", "content": block.get("text")}
    if kind == "thinking":
        return {"type": "reasoning", "content": block.get("thinking")}
    if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return {"type": "tool_call", "id": block.get("id"), "name": block.get("name"), "arguments": block.get("input")}
    if kind.endswith("tool_result"):
        return {"type": "tool_call_response", "id": block.get("tool_use_id"), "response": block.get("content")}
    return {"type": f"anthropic_{kind}"}


def _decoder(encoding: str) -> Any:
    """The HTTP library's own decoder: it is loaded, since it brought the answer."""
    for library in ("httpx2", "httpx"):
        decoders = getattr(sys.modules.get(f"{library}._decoders"), "SUPPORTED_DECODERS", {})
        if encoding in decoders:
            return decoders[encoding]()
    raise ValueError(f"an answer in the encoding {encoding!r} cannot be read here")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _tokens(usage: Json, field: str) -> int | None:
    value = usage.get(field)
    return value if isinstance(value, int) else None
