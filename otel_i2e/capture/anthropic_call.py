"""One call of the Anthropic SDK: what its own span leaves out, gathered as the call runs.

The SDK's span has no tool definitions, few request parameters, no error message, and no output when the
application reads the stream itself. All of it is kept beside the span, and understood when the span is
encoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from otel_i2e.capture.anthropic_answer import Answer, error_in, facts_of, message_in
from otel_i2e.capture.supplements import ExtraEvent
from otel_i2e.semconv import (
    ERROR_TYPE,
    EXCEPTION_EVENT,
    EXCEPTION_MESSAGE,
    EXCEPTION_TYPE,
    TOOL_DEFINITIONS,
    USER_ID,
)
from otel_i2e.values import to_json

__all__ = ["Call"]

_SPAN_HAS: Final = frozenset(("max_tokens", "stream"))
"""Numbers that the SDK records itself."""
_WORDS: Final = frozenset(("container", "inference_geo", "speed"))
"""Parameters whose text is no content."""


class Call:
    """The supplement of one call's span: a new one for each attempt, so that the last one counts."""

    def __init__(self, body: Any, *, content: bool) -> None:
        self._body = _mapping(body)
        self._content = content
        self._answer: Answer | None = None
        self._status: int | None = None
        self._error: BaseException | None = None
        self._ended_at = 0

    def failed(self, error: BaseException) -> None:
        """The attempt raised: there is no answer."""
        self._error, self._ended_at = error, time.time_ns()

    def answered(self, response: Any, recorded: Callable[[Any, Answer], Any]) -> None:
        """The attempt gave `response`, an `httpx2.Response`. Its body is kept as the application reads it."""
        status, headers = response.status_code, response.headers
        is_stream = str(headers.get("content-type", "")).startswith("text/event-stream")
        if status >= 400:
            self._status = status
        elif response.is_closed:
            return  # the SDK read it, and its span has it
        if response.is_closed:
            self._answer = Answer(is_stream=is_stream)
            self._answer.add(response.content)  # decompressed already
        else:
            self._answer = Answer(is_stream=is_stream, encoding=str(headers.get("content-encoding", "")))
            response.stream = recorded(response.stream, self._answer)
        self._ended_at = time.time_ns()

    def complete(self, attributes: dict[str, Any], *, failed: bool) -> list[ExtraEvent]:
        """Add what the span lacks; give its exception when the call failed."""
        facts = {**_asked(self._body, content=self._content)}
        error = _described(self._error) if self._error is not None else None
        if self._answer is not None:
            message, error_body, whole = message_in(self._answer)
            facts |= facts_of(message or {}, complete=whole, content=self._content)
            error = self._failure(self._answer, error_body, whole=whole, kind=attributes.get(ERROR_TYPE))
        for key, value in facts.items():
            attributes.setdefault(key, value)
        return [self._exception(*error)] if failed and error is not None else []

    def _failure(
        self, answer: Answer, body: dict[str, Any] | None, *, whole: bool, kind: Any
    ) -> tuple[str, str] | None:
        if body is not None:
            return error_in(body)
        if answer.error is not None:
            return _described(answer.error)
        if self._status is not None:
            return str(kind or self._status), answer.text() or f"HTTP {self._status}"
        return None if whole else (str(kind or "error"), "the answer ended before it was complete")

    def _exception(self, kind: str, message: str) -> ExtraEvent:
        attributes: dict[str, Any] = {EXCEPTION_TYPE: kind, EXCEPTION_MESSAGE: message}
        if self._status is not None:
            attributes["http.response.status_code"] = self._status
        ended_at = self._answer.failed_at if self._answer is not None and self._answer.failed_at else self._ended_at
        return ExtraEvent(EXCEPTION_EVENT, ended_at, attributes)


def _asked(body: Mapping[str, Any], *, content: bool) -> dict[str, Any]:
    """What the request says and the SDK's span does not."""
    facts: dict[str, Any] = {}
    for name, value in body.items():
        is_number = isinstance(value, int | float) and name not in _SPAN_HAS
        if is_number or (name in _WORDS and isinstance(value, str)):  # text may be content, an object hold a secret
            facts[f"gen_ai.request.{name}"] = value
    if isinstance(choice := body.get("tool_choice"), Mapping):
        facts["gen_ai.request.tool_choice"] = to_json(choice)
    user = _mapping(body.get("metadata")).get("user_id")
    if isinstance(user, str):
        facts[USER_ID] = user
    tools: Any = body.get("tools")
    if content and isinstance(tools, list | tuple) and tools:
        facts[TOOL_DEFINITIONS] = to_json([_tool(_mapping(tool)) for tool in cast("list[Any]", tools)])
    return facts


def _tool(given: Mapping[str, Any]) -> dict[str, Any]:
    """`{"type", "name", "description", "parameters"}`, and whatever else defines it."""
    kind = given.get("type")
    shape: dict[str, Any] = {"type": "function" if kind in (None, "custom") else kind}
    shape |= {key: value for key, value in given.items() if key not in ("type", "input_schema", "cache_control")}
    if "input_schema" in given:
        shape["parameters"] = given["input_schema"]
    return shape


def _described(error: BaseException) -> tuple[str, str]:
    """Type and message; a connection error says why, which the SDK leaves to its cause."""
    text = str(error) or type(error).__name__
    cause = error.__cause__
    if cause is not None and str(cause) and str(cause) not in text:
        text = f"{text} ({type(cause).__name__}: {cause})"
    return f"{type(error).__module__}.{type(error).__qualname__}", text


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
