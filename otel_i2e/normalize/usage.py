"""Token counts as an API or a framework counts them → the columns of usage.

What a count includes differs: OpenAI's input counts what came from the cache, Anthropic's does not.
"""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.normalize.dialect import Facts
from otel_i2e.normalize.raw import Json, is_object
from otel_i2e.normalize.readers import count, object_of

__all__ = ["usage"]

_INPUT: Final = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "input")
_OUTPUT: Final = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens", "output")
_READ: Final = ("cache_read_input_tokens", "cached_tokens", "cache_read")
_WRITE: Final = ("cache_creation_input_tokens", "cache_write_tokens", "cache_creation")
_REASONING: Final = ("reasoning_tokens", "reasoning", "thinking_tokens")
_WRITTEN: Final = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""What was written for so long: LangChain gives these and a `cache_creation` of 0."""
_INPUT_DETAILS: Final = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS: Final = ("completion_tokens_details", "output_tokens_details", "output_token_details")


def usage(value: Any) -> Facts:
    """Counts in a usage object of OpenAI, Anthropic or LangChain, also given as JSON text; {} when it is none.

    Input without the cache is told by Anthropic's names at the top and no total that would contradict.
    """
    sent = object_of(value)
    if sent is None:
        return {}
    inputs, outputs = _details(sent, _INPUT_DETAILS), _details(sent, _OUTPUT_DETAILS)
    given, answered = _first(sent, _INPUT), _first(sent, _OUTPUT)
    read, write = _first({**inputs, **sent}, _READ), _first({**inputs, **sent}, _WRITE)
    if write == 0:
        write = sum(count(inputs.get(name)) or 0 for name in _WRITTEN)
    if read is not None:  # LangChain has what is priced otherwise apart
        read += count(inputs.get("cache_read_over_200k")) or 0
    if given is not None and _is_without_cache(sent, given, answered):
        given += (read or 0) + (write or 0)
    return {
        "input_tokens": given,
        "output_tokens": answered,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "reasoning_tokens": _first({**outputs, **sent}, _REASONING),
    }


def _is_without_cache(sent: Json, given: int, answered: int | None) -> bool:
    if "prompt_tokens" in sent or not ("cache_read_input_tokens" in sent or "cache_creation_input_tokens" in sent):
        return False
    total = _first(sent, ("total_tokens", "total"))
    return total is None or total != given + (answered or 0)


def _details(sent: Json, names: tuple[str, ...]) -> Json:
    for name in names:
        if is_object(found := sent.get(name)):
            return found
    return {}


def _first(sent: Json, names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count(sent.get(name))) is not None), None)
