"""What a scripted model says: text, tool calls, thinking, refusals, errors, broken streams.

A `Reply` knows no provider: `messages_wire` writes it as Anthropic's Messages API does, and a server
for another API writes the same value in its own shape.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from uuid import uuid4

__all__ = ["Block", "Failure", "Reply", "Script", "TextBlock", "ThinkingBlock", "Tokens", "ToolBlock"]

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingBlock:
    """Extended thinking, with the signature that the API puts under it."""

    text: str
    signature: str = "c2lnbmF0dXJl"


@dataclass(frozen=True, slots=True)
class ToolBlock:
    """A tool call that the model asks for."""

    name: str
    arguments: Mapping[str, Any]
    id: str = field(default_factory=lambda: f"toolu_{uuid4().hex[:24]}")


Block = TextBlock | ThinkingBlock | ToolBlock


@dataclass(frozen=True, slots=True)
class Tokens:
    """Reported usage; None is estimated from the text, four characters a token."""

    uncached_input: int | None = None
    """Input that neither came from the prompt cache nor was written to it."""
    output: int | None = None
    """All output, thinking included."""
    cache_read: int = 0
    """Input read from the prompt cache."""
    cache_write: int = 0
    """Input written to the prompt cache."""
    reasoning: int = 0
    """Output that was reasoning; told by APIs that count it apart."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an HTTP error status instead of a message."""

    status: int
    type: str
    message: str
    retry_after: float | None = None
    """Seconds, sent as `retry-after`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer. Make it with `text`, `tool`, `json`, `blocks_of`, `refusal` or `error`."""

    blocks: tuple[Block, ...] = ()
    stop_reason: str | None = None
    """None: `tool_use` when a tool is called, else `end_turn`."""
    tokens: Tokens = Tokens()
    failure: Failure | None = None
    ending: Literal["complete", "error", "dropped"] = "complete"
    """`error`: an error event inside the stream; `dropped`: the connection closes in the middle."""
    ending_after: int = 1
    """Content deltas that are still sent before such an ending."""
    delay: float = 0.0
    """Seconds before the first byte."""
    pace: float = 0.0
    """Seconds between two events of a stream."""
    model: str = ""
    """The model that answers, where it is not the one that was asked for (an alias's dated snapshot)."""

    def __post_init__(self) -> None:
        if isinstance(self.blocks, str) or not all(isinstance(block, Block) for block in self.blocks):  # pyright: ignore[reportUnnecessaryIsInstance] -- tests are not always typed
            raise TypeError(f"Reply takes blocks, not {self.blocks!r:.80}; for words write Reply.text('…')")

    @classmethod
    def text(cls, text: str, *, stop_reason: str | None = None, tokens: Tokens | None = None) -> Reply:
        """Plain words; `stop_reason="max_tokens"` is an answer that was cut off."""
        return cls((TextBlock(text),), stop_reason, tokens or Tokens())

    @classmethod
    def tool(
        cls, name: str, arguments: Mapping[str, Any], *, id: str | None = None, saying: str = "", thinking: str = ""
    ) -> Reply:
        """A tool call, after some words and some thinking when given."""
        call = ToolBlock(name, arguments, id) if id else ToolBlock(name, arguments)
        before = (*((ThinkingBlock(thinking),) if thinking else ()), *((TextBlock(saying),) if saying else ()))
        return cls((*before, call))

    @classmethod
    def json(cls, value: Any, *, tokens: Tokens | None = None) -> Reply:
        """A value as JSON text, as structured output arrives."""
        return cls.text(json.dumps(value, ensure_ascii=False), tokens=tokens)

    @classmethod
    def blocks_of(cls, *blocks: Block, stop_reason: str | None = None, tokens: Tokens | None = None) -> Reply:
        """Any blocks in any order: several tool calls, thinking and text."""
        return cls(blocks, stop_reason, tokens or Tokens())

    @classmethod
    def refusal(cls, text: str = "") -> Reply:
        """The model's classifiers stop the answer: `stop_reason` is `refusal`."""
        return cls((TextBlock(text),) if text else (), "refusal")

    @classmethod
    def error(cls, status: int, message: str = "", *, retry_after: float | None = None, type: str = "") -> Reply:
        """An HTTP error: 400, 401, 429, 500, 529, …; the API's error type follows from the status."""
        kind = type or _ERROR_TYPES.get(status, "api_error")
        return cls(failure=Failure(status, kind, message or kind.replace("_", " "), retry_after))

    def failing(self, after: int = 1) -> Reply:
        """The same, but `overloaded_error` arrives inside the stream after `after` content deltas."""
        return replace(self, ending="error", ending_after=after)

    def dropping(self, after: int = 1) -> Reply:
        """The same, but the connection closes after `after` content deltas, or half-way in a plain answer."""
        return replace(self, ending="dropped", ending_after=after)

    def answered_by(self, model: str) -> Reply:
        """The same, from `model`: what an API says when the request named an alias."""
        return replace(self, model=model)

    def slow(self, delay: float, *, pace: float = 0.0) -> Reply:
        """The same, `delay` seconds late and with `pace` seconds between events."""
        return replace(self, delay=delay, pace=pace)


R = TypeVar("R")


class Script(Generic[R]):
    """Replies by request: one Reply for all, replies in order, or a function of the request.

    A script that has run out, or a function that raises, gives a 400 that says so: SDKs do not retry it,
    so a test fails at once and readably.
    """

    def __init__(self, said: Reply | Iterable[Reply] | Callable[[R], Reply]) -> None:
        if isinstance(said, str | bytes | Mapping):
            raise TypeError(f"a script is replies or a function, not {said!r:.80}; for words write Reply.text('…')")
        self._function: Callable[[R], Reply] | None = said if callable(said) else None
        self._always = said if isinstance(said, Reply) else None
        self._in_order: Iterator[Reply] = iter(() if callable(said) or isinstance(said, Reply) else said)
        self._given = 0
        self._lock = threading.Lock()

    def reply(self, request: R) -> Reply:
        """The reply to `request`; safe to call from several threads."""
        if self._always is not None:
            return self._always
        if self._function is not None:
            try:
                return _checked(self._function(request))
            except Exception as error:  # noqa: BLE001 -- the test's own function: its error is shown to the client
                return Reply.error(400, f"the script raised {type(error).__name__}: {error}")
        with self._lock:
            reply = next(self._in_order, None)
            self._given += reply is not None
        if reply is None:
            return Reply.error(400, f"the script has ended: it had {self._given} replies")
        try:
            return _checked(reply)
        except TypeError as error:
            return Reply.error(400, f"reply {self._given} of the script: {error}")


def _checked(reply: object) -> Reply:
    """`reply`, when it is one. Raises TypeError."""
    if not isinstance(reply, Reply):
        raise TypeError(f"{reply!r:.80} is not a Reply; for words write Reply.text('…')")
    return reply
