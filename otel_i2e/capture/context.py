"""Marks that travel in the OpenTelemetry context and end up on every span started inside.

The context is a `contextvars` variable: it follows `await`, and what a task or thread inherits is what
OpenTelemetry hands it. Nothing happens when nothing is installed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import context, trace

from otel_i2e.semconv import CONVERSATION_ID, PROMPT_NAME, PROMPT_VARIABLE_PREFIX, PROMPT_VERSION, USER_ID

__all__ = ["conversation", "current_trace_id", "marks_in", "use_prompt", "with_attributes"]

Mark = str | int | float | bool
_KEY: Final = context.create_key("otel-i2e-marks")


@contextmanager
def with_attributes(attributes: Mapping[str, Mark]) -> Generator[None]:
    """Put `attributes` on every span that is started inside, in this process. Inner marks win over outer ones."""
    token = context.attach(context.set_value(_KEY, {**marks_in(None), **attributes}))
    try:
        yield
    finally:
        context.detach(token)


def marks_in(parent: context.Context | None) -> Mapping[str, Any]:
    """The marks of a context, None being the current one."""
    marks: Any = context.get_value(_KEY, parent)
    return marks if marks is not None else _NONE


@contextmanager
def conversation(id: str, *, user: str | None = None) -> Generator[None]:
    """Everything inside belongs to the conversation `id` (`gen_ai.conversation.id`), of `user` (`user.id`) if given."""
    marks: dict[str, Mark] = {CONVERSATION_ID: str(id)}
    if user is not None:
        marks[USER_ID] = str(user)
    with with_attributes(marks):
        yield


@contextmanager
def use_prompt(
    name: str, version: str | int | None = None, variables: Mapping[str, Any] | None = None
) -> Generator[None]:
    """Model calls inside use version `version` of the prompt template `name`, filled with `variables`.

    They are recorded as `gen_ai.prompt.name`, `gen_ai.prompt.version` (text) and
    `gen_ai.prompt.variable.<key>`; a variable that is no text, number or truth value is recorded as JSON.
    """
    marks: dict[str, Mark] = {PROMPT_NAME: str(name)}
    if version is not None:
        marks[PROMPT_VERSION] = str(version)
    for key, value in (variables or {}).items():
        marks[f"{PROMPT_VARIABLE_PREFIX}{key}"] = _plain(value)
    with with_attributes(marks):
        yield


def current_trace_id() -> str | None:
    """The trace that is being recorded here: 32 lower-case hex digits; None outside a span."""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else None


def _plain(value: Any) -> Mark:
    if isinstance(value, str | int | float | bool):
        return value
    from otel_i2e.values import to_json

    return to_json(value)


_NONE: Final[Mapping[str, Any]] = {}
