"""What the SDK raises, as one line that says what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError

from otel_i2e.models import JudgeSettings

__all__ = ["MAPPED", "described", "is_passing"]

MAPPED: Final = (AnthropicError, TypeError, ValueError)
"""The SDK's root; and what it raises for credentials or arguments that it cannot send, or a body it cannot read."""
_REMEDIES: Final[dict[int, str]] = {
    400: "the model may not take what the prompt asks for; see model, max_tokens and effort in [judge]",
    401: "check ANTHROPIC_API_KEY",
    403: "this key may not use the model; see model in [judge]",
    404: "there is no such model; see model in [judge]",
    429: "the rate limit held through all retries; lower concurrency in [judge]",
    529: "the service is overloaded; score again later",
}


def is_passing(error: Exception) -> bool:
    """Whether the same request may be answered later: no answer in time, a limit, a fault of the service."""
    if isinstance(error, APIStatusError):
        return error.status_code in (408, 429) or error.status_code >= 500
    return isinstance(error, APIConnectionError)


def described(error: Exception, settings: JudgeSettings) -> str:
    """One line: what happened, after how many tries, and the remedy."""
    tries = settings.max_retries + 1
    if isinstance(error, APITimeoutError):
        return f"the judge gave no answer within {settings.timeout:g} s, in {tries} tries; see timeout in [judge]"
    if isinstance(error, APIConnectionError):
        return f"the judge cannot be reached at {error.request.url.host}, in {tries} tries: {error}"
    if isinstance(error, APIStatusError):
        said = getattr(error, "api_message", None) or error.message
        remedy = _REMEDIES.get(error.status_code, "score again later")
        if error.status_code == HTTPStatus.NOT_FOUND and error.request.url.path.endswith("/batches"):
            remedy = "it takes no batches; score without --batch"
        return f"the judge answered {error.status_code}: {said}; {remedy}"
    return f"the judge could not be asked: {type(error).__name__}: {error}"
