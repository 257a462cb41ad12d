"""Every exception of the SDK becomes one line."""

from __future__ import annotations

import anthropic
import pytest

from otel_i2e.judge.failures import MAPPED, described
from otel_i2e.models import JudgeSettings


def test_every_error_that_the_sdk_exports_is_mapped() -> None:
    """A new one in a later SDK is caught by its root."""
    raised = [thing for thing in vars(anthropic).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(raised) > 10
    assert [error for error in raised if not issubclass(error, MAPPED)] == []


@pytest.mark.parametrize("error", [TypeError("Could not resolve authentication method"), ValueError("bad\nvalue")])
def test_what_is_not_the_apis_is_named_by_its_type(error: Exception) -> None:
    """Such as an argument that the SDK cannot send."""
    assert type(error).__name__ in described(error, JudgeSettings())
