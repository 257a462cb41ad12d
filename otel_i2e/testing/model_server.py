"""What the local model APIs have in common: a script of replies, the requests that came, JSON and event streams."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from otel_i2e.testing.local_http import HttpAnswer, HttpCall, LocalServer
from otel_i2e.testing.reply import Reply, Script

__all__ = ["ModelRequest", "ModelServer", "event_stream", "json_answer"]

Json = dict[str, Any]
R = TypeVar("R", bound="ModelRequest")


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request to a model's API, as a script reads it."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Json
    """The JSON object that was sent."""

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(self.body.get("model", ""))

    @property
    def stream(self) -> bool:
        """Whether server-sent events were asked for."""
        return bool(self.body.get("stream"))


class ModelServer(ABC, Generic[R]):
    """Serves scripted replies while the context is open.

    `script` is one Reply (for every request), an iterable of replies (one a request, retries included)
    or a function of the request. An exhausted or raising script answers 400 and says why.
    """

    def __init__(self, script: Reply | Iterable[Reply] | Callable[[R], Reply]) -> None:
        self.requests: list[R] = []
        """Every well-formed request that took a reply of the script, in order of arrival."""
        self._script = Script[R](script)
        self._http = LocalServer(self._answer)

    @property
    def url(self) -> str:
        """The base URL."""
        return self._http.url

    def close(self) -> None:
        """Stop serving; leaving the context does it."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _answer(self, call: HttpCall) -> HttpAnswer:
        """What the API answers: errors of its own, or what it makes of the script's reply."""

    def _reply(self, request: R) -> Reply:
        """The script's reply to a request, which is remembered."""
        self.requests.append(request)
        return self._script.reply(request)


def json_answer(
    status: int, body: Json, headers: Mapping[str, str], *, delay: float = 0.0, dropped: bool = False
) -> HttpAnswer:
    """A JSON object; `delay` in seconds, `dropped` closes the connection in the middle of it."""
    return HttpAnswer(
        status=status,
        headers={"content-type": "application/json", **headers},
        chunks=[json.dumps(body, ensure_ascii=False).encode()],
        delay=delay,
        dropped=dropped,
    )


def event_stream(reply: Reply, chunks: Iterable[bytes], headers: Mapping[str, str]) -> HttpAnswer:
    """Server-sent events, at the pace of the reply and to its end."""
    return HttpAnswer(
        headers={"content-type": "text/event-stream; charset=utf-8", **headers},
        chunks=chunks,
        streamed=True,
        dropped=reply.ending == "dropped",
        delay=reply.delay,
        pace=reply.pace,
    )
