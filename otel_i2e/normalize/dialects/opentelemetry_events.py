"""Content in span events and log records, as the OpenTelemetry conventions had and have it.

gen_ai.client.inference.operation.details   the latest: what a span has as attributes, content above all
gen_ai.client.operation.exception           the latest: why a call failed
gen_ai.{system,user,assistant,tool}.message, gen_ai.choice   up to semconv 1.36: one event a message
gen_ai.content.{prompt,completion}          2024: JSON text in one attribute
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.cut_json import left_of, loads_cut
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.dialects.opentelemetry import OPENTELEMETRY, beside_table
from otel_i2e.normalize.messages import Content, canonical_message, content, cut_off, messages
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import READERS, text, tool_result, words
from otel_i2e.normalize.shapes import are_blocks, is_message

__all__ = ["OPENTELEMETRY_EVENTS", "said_in"]

_DETAILS: Final = "gen_ai.client.inference.operation.details"
_FAILURE: Final = "gen_ai.client.operation.exception"
_CHOICE: Final = "gen_ai.choice"
_TOOL: Final = "gen_ai.tool.message"
_CONTENT: Final = "gen_ai.event.content"
"""An event's fields as JSON text: semconv 1.27, Azure's SDKs, Semantic Kernel."""
_ROLES: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    _TOOL: "tool",
}
_DETAIL_COLUMNS: Final = {name: column for column, names in OPENTELEMETRY.fields.items() for name in names}


def said_in(events: Any) -> Facts:
    """Candidates from a list of events as objects, each with its `event.name`, as some emitters put into an attribute.

    Also given as JSON text, or its beginning. Where none is a choice, what the assistant said last is the answer.
    """
    found, cut = left_of(events)
    listed: list[Any] = found if is_list(found) else []
    facts = _conversation(listed)
    said = [name for name in ("input_messages", "output_messages") if name in facts]
    return facts | {name: cut_off(facts[name], cut) for name in said}


def _conversation(listed: list[Any]) -> Facts:
    happened = [(str(event.get("event.name")), event) for event in listed if is_object(event)]
    if not any(name == _CHOICE for name, _ in happened):
        last = len(happened)
        while last and happened[last - 1][0] == "gen_ai.assistant.message":
            last -= 1
        answer = [_message(fields, "assistant") for _, fields in happened[last:]]
        facts = _facts(happened[:last])
        if answer:
            parts = [part for message in answer for part in message["parts"]]
            facts["output_messages"] = Content([{"role": "assistant", "parts": parts}])
        return facts
    return _facts(happened)


def _read(raw: RawSpan, logs: Sequence[RawLog]) -> Facts:
    happened = _happened(raw, logs)
    return _run(happened) if raw.attributes.get(semconv.OPERATION_NAME) == "execute_tool" else _facts(happened)


def _run(happened: Iterable[tuple[str, Json]]) -> Facts:
    """On the run of a tool, what it was given and what came back are a tool's message and a choice."""
    facts: Facts = {}
    for name, fields in happened:
        if name == _TOOL:
            facts["tool_arguments"] = content(fields.get("content"))
            facts["tool_call_id"] = text(fields.get("id"))
        elif name == _CHOICE:
            facts["tool_result"] = tool_result(fields.get("message"))
        elif name in _WHOLE:
            _add(facts, _WHOLE[name](fields))
    return facts


def _add(facts: Facts, more: Facts) -> None:
    """What a later event says, too; objects of parameters, variables and addresses are put together."""
    for column, value in more.items():
        if is_object(value) and is_object(old := facts.get(column)):
            facts[column] = {**old, **value}
        elif value is not None:
            facts[column] = value


def _append(facts: Facts, column: str, said: Content | None) -> None:
    """What one of several events says, after what those before it said."""
    old: Content | None = facts.get(column)
    if said is not None:
        facts[column] = said if old is None else Content([*old.value, *said.value], None, old.cut or said.cut)


def _facts(happened: Iterable[tuple[str, Json]]) -> Facts:
    inputs: list[Json] = []
    outputs: list[tuple[int, Json]] = []
    facts: Facts = {}
    cut = set[bool]()  # whether the answer is
    for name, fields in happened:
        if name in _ROLES:
            inputs += _messages(fields, _ROLES[name])
        elif name == _CHOICE:
            outputs.append((_place(fields), _choice(fields)))
        if (name in _ROLES or name == _CHOICE) and _is_cut(fields):
            cut.add(name == _CHOICE)
        if name in _PIECES:
            _append(facts, *_PIECES[name](fields))
        elif name in _WHOLE:
            _add(facts, _WHOLE[name](fields))
    if inputs:
        facts.setdefault("input_messages", Content(_without_echoes(inputs), None, False in cut))
    if outputs:
        chosen = [choice for _, choice in sorted(outputs, key=lambda placed: placed[0])]
        facts.setdefault("output_messages", Content(chosen, None, True in cut))
        facts["finish_reasons"] = words([choice.get("finish_reason") for choice in chosen])
    return facts


def _happened(raw: RawSpan, logs: Sequence[RawLog]) -> Iterable[tuple[str, Json]]:
    """Name and fields of each event, in order; a log record's body and attributes are one."""
    for event in raw.events:
        told = _structure(event.attributes.get(_CONTENT))
        yield event.name, {**event.attributes, **told} if is_object(told) else event.attributes
    for log in sorted(logs, key=lambda log: log.time_ns):
        fields = _body(log.body)
        yield log.event_name, {**log.attributes, **fields} if is_object(fields) else log.attributes


def _body(value: Any) -> Any:
    """Of a log record: a structure, or its JSON text, which may have been cut off."""
    given = content(value)
    if given is None or not isinstance(given.value, str):
        return given.value if given else None
    with suppress(ValueError):
        return loads_cut(given.value)
    return given.value


def _messages(fields: Json, role: str) -> list[Json]:
    """One message; or those of Gemini's objects, which an event of its instrumentation has whole."""
    said = fields.get("content")
    if not is_object(said) or not (is_list(said.get("parts")) or is_list(said.get("contents"))):
        return [_message(fields, role)]
    return [canonical_message(one, role) for one in said.get("contents", [said])]


def _without_echoes(said: list[Json]) -> list[Json]:
    """Without a user's message that only has results which a tool's message had before: Bedrock's instrumentation."""
    known: list[Json] = []
    kept: list[Json] = []
    for message in said:
        results = [part for part in message["parts"] if part.get("type") == "tool_call_response"]
        echo = message["role"] == "user" and len(results) == len(message["parts"]) > 0
        if not (echo and all(part in known for part in results)):
            kept.append(message)
            known += results
    return kept


def _message(fields: Json, role: str) -> Json:
    said: Json = {"role": fields.get("role") or role, "content": _blocks(fields.get("content"))}
    if role == "tool" and _are_results(said["content"]):
        return canonical_message({"role": said["role"], "parts": said["content"]})
    if role == "tool":
        return canonical_message({**said, "tool_call_id": fields.get("id") or fields.get("tool_call_id")})
    return canonical_message({**said, "tool_calls": _structure(fields.get("tool_calls"))})


def _are_results(blocks: Any) -> bool:
    """Whether each of Bedrock's blocks says itself which call it answers."""
    return is_list(blocks) and bool(blocks) and all(is_object(block) and "toolResult" in block for block in blocks)


def _place(fields: Json) -> int:
    """Among the choices; those that come later in time may come first in the answer."""
    index = fields.get("index")
    return index if isinstance(index, int) else 0


def _choice(fields: Json) -> Json:
    given = fields.get("message", fields.get("content"))
    said = _structure(given)
    message: Json = said if is_message(said) or (is_object(said) and said is given) else {"content": _blocks(given)}
    calls = _structure(message.get("tool_calls", fields.get("tool_calls")))
    whole = {**message, "role": message.get("role") or "assistant", "tool_calls": calls}
    return {**canonical_message(whole), "finish_reason": fields.get("finish_reason")}


def _blocks(value: Any) -> Any:
    """Blocks of a message that were sent as JSON text; any other text, JSON or not, is what was said."""
    found = _structure(value)
    return found if are_blocks(found) else value


def _structure(value: Any) -> Any:
    """An object or a list that was sent as JSON text, or what is left of one; anything else as it is."""
    given = content(value)
    if given is not None and (is_object(given.value) or is_list(given.value)):
        return given.value
    found, cut = left_of(value)
    return found if cut else value


def _is_cut(fields: Json) -> bool:
    """Whether blocks, a message or its calls are the beginning of JSON text."""
    for name in ("content", "message", "tool_calls"):
        found, cut = left_of(fields.get(name))
        if cut and (are_blocks(found) or is_message(found)):
            return True
    return False


def _details(fields: Json) -> Facts:
    facts: Facts = {
        column: READERS.get(column, text)(value)
        for name, value in fields.items()
        if (column := _DETAIL_COLUMNS.get(name)) is not None
    }
    _add(facts, beside_table(fields))
    _add(
        facts, {"request_params": {bare: fields[name] for name, bare in OPENTELEMETRY.params.items() if name in fields}}
    )
    return facts


def _failure(fields: Json) -> Facts:
    kind = text(fields.get(semconv.EXCEPTION_TYPE))
    return {"status": "error", "error_type": kind, "status_message": text(fields.get(semconv.EXCEPTION_MESSAGE))}


def _prompt(fields: Json) -> tuple[str, Content | None]:
    return "input_messages", messages(fields.get("gen_ai.prompt"))


def _completion(fields: Json) -> tuple[str, Content | None]:
    return "output_messages", messages(fields.get("gen_ai.completion"), "assistant")


_WHOLE: Final[dict[str, Callable[[Json], Facts]]] = {
    _DETAILS: _details,
    _FAILURE: _failure,
}
_PIECES: Final[dict[str, Callable[[Json], tuple[str, Content | None]]]] = {
    "gen_ai.content.prompt": _prompt,
    "gen_ai.content.completion": _completion,
}

OPENTELEMETRY_EVENTS: Final = Dialect(
    name="opentelemetry",
    events=frozenset({*_ROLES, _CHOICE, *_WHOLE, *_PIECES}),
    read=_read,
)
