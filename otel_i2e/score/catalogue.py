"""Every built-in check: a new one is a file, a test of the same name and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_i2e.models import JudgePrompt
from otel_i2e.score.checks.contains import contains
from otel_i2e.score.checks.equals import equals
from otel_i2e.score.checks.json_schema import json_schema
from otel_i2e.score.checks.judge import judge
from otel_i2e.score.checks.max_cost import max_cost
from otel_i2e.score.checks.max_duration import max_duration
from otel_i2e.score.checks.max_tokens import max_tokens
from otel_i2e.score.checks.not_contains import not_contains
from otel_i2e.score.checks.regex import regex
from otel_i2e.score.checks.tool_called import tool_called
from otel_i2e.score.scorer import Scorer

__all__ = ["BUILT_IN", "checks", "standalone"]

BUILT_IN: Final[dict[str, Callable[[Any], Scorer]]] = {
    "contains": contains,
    "not_contains": not_contains,
    "regex": regex,
    "equals": equals,
    "json_schema": json_schema,
    "tool_called": tool_called,
    "max_duration": max_duration,
    "max_tokens": max_tokens,
    "max_cost": max_cost,
}
"""Check → what makes a scorer of its argument. `judge` joins them where the prompts are known: see `checks`."""


def checks(prompts: Mapping[str, JudgePrompt]) -> dict[str, Callable[[Any], Scorer]]:
    """Every check that a `must` may name, `judge` among them."""
    return {**BUILT_IN, "judge": lambda argument: judge(argument, prompts)}


def standalone() -> list[Scorer]:
    """The built-in scorers that take no argument, ready to be named by a rule or a case."""
    return [equals()]
