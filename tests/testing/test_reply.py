"""Scripted answers: what is no answer is refused where it is written, or told to the client."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from otel_i2e.testing import MessagesServer, Reply
from otel_i2e.testing.reply import Script, TextBlock

_ASK: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("blocks", ["text", ["text"], (TextBlock("a"), {"type": "text"})])
def test_words_are_no_blocks(blocks: Any) -> None:
    """The error is raised where the reply is made, and names what to write."""
    with pytest.raises(TypeError, match=r"Reply takes blocks, not .*; for words write Reply\.text"):
        Reply(blocks)


def test_a_script_of_words_is_refused() -> None:
    """A text is an iterable too, of letters."""
    with pytest.raises(TypeError, match=r"a script is replies or a function, not 'Hello'"):
        Script("Hello")  # type: ignore[arg-type] -- the mistake


def _words(_request: object) -> Any:
    return "Hello"


def _words_as_blocks(_request: object) -> Reply:
    return Reply("Hello")  # type: ignore[arg-type] -- the mistake


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["Hello"], r"reply 1 of the script: 'Hello' is not a Reply; for words write Reply\.text"),
        (_words, "the script raised TypeError: 'Hello' is not a Reply"),
        (_words_as_blocks, "the script raised TypeError: Reply takes blocks, not 'Hello'"),
    ],
)
def test_a_client_is_told_of_an_answer_that_is_none(said: Any, message: str) -> None:
    """A 400, which no SDK tries again, and not a connection that ends."""
    with (
        MessagesServer(said) as server,
        anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0) as client,
        pytest.raises(anthropic.BadRequestError, match=message),
    ):
        client.messages.create(**_ASK)
