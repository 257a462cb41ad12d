"""Provider names."""

from __future__ import annotations

import pytest

from otel_i2e.normalize.providers import provider_of


@pytest.mark.parametrize(
    ("sent", "provider"),
    [
        ("anthropic", "anthropic"),
        (" Anthropic ", "anthropic"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("openai.chat", "openai"),
        ("xai", "x_ai"),
        ("AWS", "aws.bedrock"),
        ("my-own-gateway", "my-own-gateway"),
        ("strands-agents", None),
        ("LangChain", None),
        ("openai-agent", None),
        (" ", None),
    ],
)
def test_a_provider_has_one_spelling(sent: str, provider: str | None) -> None:
    """Older names become the conventions'; an unlisted one stays; a framework is no provider."""
    assert provider_of(sent) == provider


@pytest.mark.parametrize(
    ("sent", "provider"),
    [
        ("groq.chat", "groq"),
        ("xai.responses", "x_ai"),
        ("mistral.chat", "mistral_ai"),
        ("google.generative-ai", "gcp.gemini"),
        ("google.vertex.chat", "gcp.vertex_ai"),
        ("amazon-bedrock", "aws.bedrock"),
        ("my.gateway", "my.gateway"),
    ],
)
def test_the_ai_sdk_s_names_are_those_of_providers(sent: str, provider: str) -> None:
    """Which end by the API that was called."""
    assert provider_of(sent) == provider
