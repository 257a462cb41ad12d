"""Every built-in check: a new one is a file, a test of the same name and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from otel_i2e.models import JudgePrompt
from otel_i2e.score.checks.cites_documents import cites_documents
from otel_i2e.score.checks.contains import contains
from otel_i2e.score.checks.equals import equals
from otel_i2e.score.checks.json_schema import json_schema
from otel_i2e.score.checks.judge import judge
from otel_i2e.score.checks.language import language
from otel_i2e.score.checks.length import length
from otel_i2e.score.checks.max_cost import max_cost
from otel_i2e.score.checks.max_duration import max_duration
from otel_i2e.score.checks.max_errors import max_errors
from otel_i2e.score.checks.max_retries import max_retries
from otel_i2e.score.checks.max_steps import max_steps
from otel_i2e.score.checks.max_tokens import max_tokens
from otel_i2e.score.checks.no_loops import no_loops
from otel_i2e.score.checks.no_personal_data import no_personal_data
from otel_i2e.score.checks.no_repeated_answers import no_repeated_answers
from otel_i2e.score.checks.no_repeated_questions import no_repeated_questions
from otel_i2e.score.checks.no_secrets import no_secrets
from otel_i2e.score.checks.not_contains import not_contains
from otel_i2e.score.checks.quotes_documents import quotes_documents
from otel_i2e.score.checks.regex import regex
from otel_i2e.score.checks.required_fields import required_fields
from otel_i2e.score.checks.similarity import similarity
from otel_i2e.score.checks.tool_arguments import tool_arguments
from otel_i2e.score.checks.tool_called import tool_called
from otel_i2e.score.checks.tool_errors_resolved import tool_errors_resolved
from otel_i2e.score.checks.tool_not_called import tool_not_called
from otel_i2e.score.checks.tool_order import tool_order
from otel_i2e.score.checks.tools_ran import tools_ran
from otel_i2e.score.checks.word_overlap import word_overlap
from otel_i2e.score.scorer import Scorer

__all__ = ["BUILT_IN", "checks", "standalone"]

BUILT_IN: Final[dict[str, Callable[[Any], Scorer]]] = {
    "contains": contains,
    "not_contains": not_contains,
    "regex": regex,
    "equals": equals,
    "similarity": similarity,
    "length": length,
    "language": language,
    "required_fields": required_fields,
    "json_schema": json_schema,
    "cites_documents": cites_documents,
    "quotes_documents": quotes_documents,
    "word_overlap": word_overlap,
    "tool_called": tool_called,
    "tool_not_called": tool_not_called,
    "tool_order": tool_order,
    "tool_arguments": tool_arguments,
    "tools_ran": tools_ran,
    "no_secrets": no_secrets,
    "no_personal_data": no_personal_data,
    "max_duration": max_duration,
    "max_tokens": max_tokens,
    "max_cost": max_cost,
    "max_errors": max_errors,
    "max_retries": max_retries,
    "max_steps": max_steps,
    "no_loops": no_loops,
    "no_repeated_answers": no_repeated_answers,
    "no_repeated_questions": no_repeated_questions,
    "tool_errors_resolved": tool_errors_resolved,
}
"""Check → what makes a scorer of its argument. `judge` joins them where the prompts are known: see `checks`."""


def checks(prompts: Mapping[str, JudgePrompt]) -> dict[str, Callable[[Any], Scorer]]:
    """Every check that a `must` may name, `judge` among them."""
    return {**BUILT_IN, "judge": lambda argument: judge(argument, prompts)}


@cache
def standalone() -> tuple[Scorer, ...]:
    """The built-in scorers that need no argument, ready to be named by a rule or a case."""
    plain = (equals, cites_documents, quotes_documents, word_overlap, tool_arguments, tools_ran, no_loops)
    talks = (no_repeated_answers, no_repeated_questions, tool_errors_resolved)
    return tuple(make() for make in (*plain, no_secrets, no_personal_data, *talks))
