"""Which names hold content."""

from __future__ import annotations

import pytest

from otel_i2e.capture.content import is_content, is_content_event


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.prompt.0.content",
        "gen_ai.prompt.variable.name",
        "gen_ai.completion.0.content",
        "llm.output_messages.0.message.content",
        "output.value",
        "traceloop.entity.input",
        "ai.response.text",
        "langfuse.observation.output",
        "mlflow.spanInputs",
        "response_data",
        "gcp.vertex.agent.llm_request",
        "anthropic.tool_result.content",
        "user_prompt",
    ],
)
def test_content_of_every_dialect_is_known(key: str) -> None:
    """What people and models said, under all its names."""
    assert is_content(key)


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.prompt.name",
        "gen_ai.prompt.version",
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
        "llm.token_count.prompt",
        "input.mime_type",
        "prompt_tokens",
        "event.name",
        "exception.type",
        "user.id",
        "gen_ai.tool.name",
    ],
)
def test_what_is_no_content_is_kept(key: str) -> None:
    """Models, tokens, identifiers, types of errors; a short content name is no prefix."""
    assert not is_content(key)


def test_message_events_are_content_and_others_are_not() -> None:
    """The events that carry a message go as a whole."""
    assert is_content_event("gen_ai.user.message")
    assert is_content_event("mlflow.chunk.item.3")
    assert not is_content_event("exception")
    assert not is_content_event("gen_ai.evaluation.result")
