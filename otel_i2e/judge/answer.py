"""What came back from the Messages API, read into a verdict: one of the choices, or a JudgeError that says why not."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

import orjson

from otel_i2e.errors import JudgeError
from otel_i2e.judge.price import Tokens, cost_of
from otel_i2e.judge.request import request_key
from otel_i2e.judge.verdict import read_verdict
from otel_i2e.models import Json, JudgeQuestion, JudgeVerdict

__all__ = ["body_of", "counted_input", "verdict_of"]

_CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")


class _Message(NamedTuple):
    """The fields of a message that a verdict is made of."""

    model: str
    stop_reason: Any
    blocks: list[Json]
    tokens: Tokens


def body_of(body: bytes) -> Any:
    """The JSON of a body; None for anything else, such as a proxy's page."""
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def counted_input(body: Any) -> int | None:
    """Input tokens of a message that count against a limit of the API; None when it does not tell.

    What was read from the prompt cache does not count (platform.claude.com/docs/en/api/rate-limits).
    """
    usage = _object(_object(body).get("usage"))
    counts = [usage.get(name) or 0 for name in ("input_tokens", "cache_creation_input_tokens")]
    return sum(counts) if "input_tokens" in usage and all(isinstance(count, int) for count in counts) else None


def verdict_of(body: Any, question: JudgeQuestion, *, batch: bool = False) -> JudgeVerdict:
    """The verdict in a message's JSON. JudgeError, with the model and the cost, when there is none in it."""
    message = _message(body)
    cost = cost_of(message.model, message.tokens, batch=batch)
    try:
        choice, reasoning = read_verdict(_text(message), question.prompt)
    except JudgeError as error:
        raise JudgeError(str(error), model=message.model, cost_usd=cost) from None
    return JudgeVerdict(
        choice=choice,
        reasoning=reasoning,
        model=message.model,
        input_tokens=message.tokens.all_input,
        output_tokens=message.tokens.output,
        cost_usd=cost,
        request=request_key(question),
    )


def _message(body: Any) -> _Message:
    """The message, when it is one: the SDK validates nothing, and a proxy may answer with anything."""
    fields = _object(body)
    model, content, usage = fields.get("model"), fields.get("content"), _object(fields.get("usage"))
    counts = [
        usage.get(name) or 0
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    ]
    whole = all(isinstance(count, int) for count in counts) and usage.keys() >= {"input_tokens", "output_tokens"}
    if not (isinstance(model, str) and isinstance(content, list) and whole):
        raise JudgeError("the judge's API answered with something that is no message")
    blocks = [_object(block) for block in cast("list[Any]", content)]
    return _Message(model, fields.get("stop_reason"), blocks, Tokens(*counts))


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _text(message: _Message) -> str:
    """The text of a finished answer. JudgeError for a refusal, a cut-off, and anything but one text."""
    reason = message.stop_reason
    if reason == "refusal":
        raise JudgeError("the judge refused to answer")
    if reason in _CUT_OFF:
        raise JudgeError(
            f"the judge's answer was cut off ({reason}) after {message.tokens.output} tokens; "
            "raise max_tokens in the prompt file or in [judge]"
        )
    if reason != "end_turn":
        raise JudgeError(f"the judge stopped with {reason!r}")
    texts = [block.get("text") for block in message.blocks if block.get("type") == "text"]
    if len(texts) != 1 or not isinstance(texts[0], str):
        raise JudgeError(f"the judge's answer has {len(texts)} texts in place of one")
    return texts[0]
