"""Logfire's spans of the OpenAI Agents SDK, read in `logfire` 5.4 and seen on the wire.

They have the fields of the SDK's own spans under bare names; how a span's name begins says what it is. The
`request_data` of a call over Chat Completions ends with what was answered, so it is no request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.cut_json import left_of
from otel_i2e.normalize.dialect import Facts
from otel_i2e.normalize.messages import Content, content, cut_off, instructions, messages, tool_definitions
from otel_i2e.normalize.openinference_values import answer_in
from otel_i2e.normalize.or_empty import object_or_empty
from otel_i2e.normalize.payloads import answered, params
from otel_i2e.normalize.raw import Json, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import object_of, text, tool_result
from otel_i2e.normalize.usage import usage

__all__ = ["AGENTS_SCOPE", "agents_in"]

AGENTS_SCOPE: Final = "logfire.openai_agents"
_NO_PARAMS: Final = frozenset({"base_url", "retry", "preserve_raw_usage", "extra_args"})


def agents_in(raw: RawSpan, said: Facts) -> Facts:
    """Candidates of a span of `AGENTS_SCOPE`; `said` are those of the `events` of its attributes."""
    sent = {name: value for name, value in raw.attributes.items() if value != "null"}
    kind, read = next((known for begin, known in _SPANS.items() if raw.name.startswith(begin)), ("other", _nothing))
    return {**said, "kind": kind, "status_message": _failure(sent.get("error")), **read(sent, said)}


def _failure(value: Any) -> str | None:
    """Why a run failed: the error's own words, or else what was being done."""
    told = object_or_empty(object_of(value))
    return text(object_or_empty(told.get("data")).get("error")) or text(told.get("message"))


def _nothing(_sent: Json, _said: Facts) -> Facts:
    return {}


def _trace(sent: Json, _said: Facts) -> Facts:
    return {"conversation_id": text(sent.get("group_id"))}


def _tool(sent: Json, _said: Facts) -> Facts:
    return {
        "tool_name": text(sent.get("name")),
        "tool_arguments": content(sent.get("input")),
        "tool_result": tool_result(sent.get("output")),
    }


def _chat(sent: Json, _said: Facts) -> Facts:
    """A call over Chat Completions."""
    return {
        "input_messages": _messages(sent.get("input"), "user"),
        "request_params": _params(sent.get("model_config")),
        **_answer(sent.get("output")),
        **_known(usage(sent.get("usage"))),
    }


def _answer(value: Any) -> Facts:
    """The messages of an answer, or the one answer that was put together out of a stream."""
    if told := answer_in({semconv.OUTPUT_VALUE: value}):
        return _known(told)
    left, cut = left_of(value)
    is_message = is_list(left) and is_object(left[0]) and "content" in left[0]
    return {"output_messages": _messages(value, "assistant")} if cut and is_message else {}


def _messages(value: Any, role: str) -> Content | None:
    """Messages, or what is left of them; who speaks may stand behind what is said."""
    left, cut = left_of(value)
    return cut_off(messages(left if cut else value, role), cut)


def _responses(sent: Json, said: Facts) -> Facts:
    """A call of the Responses API. Its events leave out thoughts, and have images as text."""
    found, cut = left_of(sent.get("response"))
    response: Json = found if is_object(found) else {}
    told = _known(answered(response)) if is_list(response.get("output")) else {}
    facts = {**told, "output_messages": cut_off(told["output_messages"], cut)} if "output_messages" in told else {}
    return {
        "system_instructions": instructions(response.get("instructions")),
        "input_messages": _messages(sent.get("raw_input"), "user") or said.get("input_messages"),
        "tool_definitions": tool_definitions(response.get("tools")),
        "request_params": _params(sent.get("model_settings")),
        **facts,
        **_known(usage(sent.get("usage"))),
    }


def _params(value: Any) -> Json | None:
    """What was set, and the arguments that the SDK passes on as they are."""
    given = object_or_empty(object_of(value))
    set_here = {name: given[name] for name in given if name not in _NO_PARAMS}
    return params({**set_here, **object_or_empty(given.get("extra_args"))})


def _known(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


_SPANS: Final[dict[str, tuple[str, Callable[[Json, Facts], Facts]]]] = {
    "Chat completion": ("llm", _chat),
    "Responses API": ("llm", _responses),
    "Function: ": ("tool", _tool),
    "Agent run: ": ("agent", _nothing),
    "Turn ": ("chain", _nothing),
    "Task: ": ("chain", _nothing),
    "OpenAI Agents trace: ": ("chain", _trace),
}
"""How the name of a span begins → its kind, and how it is read. Turns and tasks have the sum of their calls' usage."""
