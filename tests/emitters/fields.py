"""The canonical fields, one entry each: what is true, whether the emitter sent it, whether a row says it.

A field has any number of values (each message, each tool call), and each value is judged alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import facts
from evidence import Sent, contains, decoded
from truth import Call

from otel_i2e.normalize.raw import is_list, is_object

__all__ = ["CALL_FIELDS", "CallField", "inside", "part_texts"]

Row = dict[str, Any]
_FINISH = (
    {"stop", "end_turn", "STOP"},
    {"tool_calls", "tool_use", "tool_call", "tool-calls"},
    {"length", "max_tokens", "MAX_TOKENS"},
)
_FINISH_NAME = re.compile("finish|stop_?reason", re.IGNORECASE)
_IMAGE = re.compile(
    r"^(image([/_-]\w+)?|(input|anthropic)_image|data:image/.*|@@@langfuseMedia:type=image.*)$", re.DOTALL
)
_IMAGE_NAMES = {"image", "image_url", "inline_data", "inlineData"}
_PARAM_NAMES = {
    "max_tokens": {"max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens", "maxOutputTokens"},
    "temperature": {"temperature"},
    "top_p": {"top_p", "topP"},
    "seed": {"seed"},
    "stop_sequences": {"stop", "stop_sequences", "stopSequences"},
}


@dataclass(frozen=True, slots=True)
class CallField:
    """One canonical field of a call."""

    name: str
    true: Callable[[Call], Sequence[Any]]
    """The values; empty when the call has none."""
    sent: Callable[[Sent, Any], bool]
    """Whether the emitter sent this value."""
    heard: Callable[[Row, Any, Sent], bool]
    """Whether the row says it."""


def _parts(messages: Any, kind: str | None = None, *, role: str | None = None) -> Iterator[dict[str, Any]]:
    for message in messages or ():
        if role is None or message.get("role") == role:
            yield from (part for part in message.get("parts") or () if kind is None or part.get("type") == kind)


def part_texts(messages: Any, kind: str = "text", *, role: str | None = None) -> str:
    """The text of all parts of `kind`, joined."""
    return "\n".join(str(part.get("content") or "") for part in _parts(messages, kind, role=role))


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are one, whether or not they are still text."""
    one, other = (decoded(value) if isinstance(value, str) else value for value in (one, other))
    return one == other


def inside(whole: Any, part: Any) -> bool:
    """Whether the JSON value `part` is `whole`, or stands somewhere in it."""
    whole = decoded(whole) if isinstance(whole, str) else whole
    if _same(whole, part) or (isinstance(whole, dict) and contains(whole, part)):
        return True
    inner = list(whole.values()) if is_object(whole) else whole if is_list(whole) else []
    return any(inside(one, part) for one in inner)


def _calls_in(messages: Any, call: dict[str, Any], sent: Sent) -> bool:
    return any(
        _is_call((part.get("name"), part.get("arguments"), part.get("id")), call, sent)
        for part in _parts(messages, "tool_call")
    )


def _is_call(told: tuple[Any, Any, Any], call: dict[str, Any], sent: Sent) -> bool:
    name, arguments, own = told
    named = own == call["id"] or not _is_told_by_id(sent, call)
    return named and name == call["name"] and _same(arguments, call["arguments"])


def _is_told_by_id(sent: Sent, call: dict[str, Any]) -> bool:
    """Whether the call was sent with its id. OpenLLMetry sends calls of the Responses API with the id of the item."""
    ids = [one["id"] for one in sent.objects if contains(one, {"name": call["name"]}) and one.get("id")]
    return sent.has(call["id"]) and (not ids or call["id"] in ids)


def _is_run_of(row: Row, call: dict[str, Any], sent: Sent) -> bool:
    """Whether the row is the run of the tool that the call asked for."""
    told = (row["tool_name"], row["tool_arguments"], row["tool_call_id"])
    return row["kind"] == "tool" and _is_call(told, call, sent)


def _call_sent(sent: Sent, call: dict[str, Any]) -> bool:
    return sent.has(call["name"]) and sent.has(call["arguments"])


def _input_texts(call: Call) -> list[tuple[str, str]]:
    return [(one["role"], part["content"]) for one in call.messages for part in one["parts"] if part["type"] == "text"]


def _result_heard(row: Row, result: dict[str, Any], sent: Sent) -> bool:
    return any(
        (part.get("id") == result["id"] or not sent.has(result["id"]))
        and inside(part.get("response"), decoded(result["response"]))
        for part in _parts(row["input_messages"], "tool_call_response")
    )


def _is_image(part: dict[str, Any]) -> bool:
    said = [str(part.get(name) or "") for name in ("type", "modality", "mime_type", "media_type")]
    return any("image" in one for one in said)


def _image_bytes(part: dict[str, Any]) -> bool:
    told = json.dumps(part)
    return facts.IMAGE_BASE64 in told or hashlib.sha256(facts.IMAGE).hexdigest() in told


def _usage(name: str) -> Callable[[Call], Sequence[int]]:
    return lambda call: [call.usage[name]] if call.usage.get(name) else []


def _input_sent(sent: Sent, usage: dict[str, int]) -> bool:
    read, write = usage.get("read", 0), usage.get("write", 0)
    parts = [usage["input"] - read - write, *filter(None, (read, write))]
    return sent.has(usage["input"]) or (len(parts) > 1 and all(map(sent.has, parts)))


def _stated(sent: Sent, *keys: str) -> set[str]:
    return {str(value) for one in sent.all for value in one.value(*keys) if value}


def _finish(call: Call) -> list[set[str]]:
    return [group for group in _FINISH if call.finish in group]


def _object(value: Any) -> dict[str, Any]:
    return value or {}


def _param_sent(sent: Sent, param: tuple[str, Any]) -> bool:
    name, value = param
    return any(key in _PARAM_NAMES[name] and _same(one, value) for key, one in sent.pairs)


def _finish_sent(sent: Sent, value: set[str]) -> bool:
    return any(isinstance(one, str) and one in value and _FINISH_NAME.search(key) for key, one in sent.pairs)


def _image_sent(sent: Sent, _: Any) -> bool:
    return any(key in _IMAGE_NAMES or (isinstance(one, str) and _IMAGE.match(one)) for key, one in sent.pairs)


def _tool_sent(sent: Sent, tool: dict[str, Any]) -> bool:
    told = {"name": tool["name"], "description": tool["description"]}
    flat = re.compile(r"(functions|tools|definitions)\.\d+\..*description$")
    return any(contains(one, told) for one in sent.objects) or any(
        value == tool["description"] and flat.search(name) for one in sent.all for name, value in one.fields
    )


def _code_sent(sent: Sent, code: str) -> bool:
    return code in sent.exact or sent.has_text(f"Error code: {code} ")


def _word(sent: Sent, word: str) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return word in sent.exact or any(pattern.search(text) for text in sent.texts if word in text)


def _output(kind: str) -> Callable[[Call], Sequence[Any]]:
    return lambda call: [part for part in call.output if part["type"] == kind]


CALL_FIELDS: tuple[CallField, ...] = (
    CallField(
        "provider",
        lambda call: [call.provider],
        lambda sent, value: bool(
            {value, f"{value}.chat", f"{value}.responses", f"{value}.messages"} & {text.lower() for text in sent.exact}
        ),
        lambda row, value, _: row["provider"] == value,
    ),
    CallField(
        "request_model",
        lambda call: [call.request_model],
        lambda sent, value: value in sent.exact or any(text.endswith(f"/{value}") for text in sent.exact),
        lambda row, value, _: str(row["request_model"]).rsplit("/", 1)[-1] == value,
    ),
    CallField(
        "response_model",
        lambda call: [call.response_model] if call.response_model else [],
        lambda sent, value: value in sent.exact,
        lambda row, value, _: row["response_model"] == value,
    ),
    CallField(
        "response_id",
        lambda call: [call.response_id] if call.response_id else [],
        lambda sent, value: value in sent.exact,
        lambda row, value, _: row["response_id"] == value,
    ),
    CallField(
        "params",
        lambda call: list(call.params.items()),
        _param_sent,
        lambda row, value, _: _object(row["request_params"]).get(value[0]) == value[1],
    ),
    CallField(
        "system",
        lambda call: [call.system] if call.system else [],
        lambda sent, value: sent.has_text(value),
        lambda row, value, _: value in "\n".join(str(part.get("content")) for part in row["system_instructions"] or ()),
    ),
    CallField(
        "input_text",
        _input_texts,
        lambda sent, value: sent.has_text(value[1]),
        lambda row, value, _: value[1] in part_texts(row["input_messages"], role=value[0]),
    ),
    CallField(
        "input_tool_calls",
        lambda call: list(_parts(call.messages, "tool_call")),
        _call_sent,
        lambda row, value, sent: _calls_in(row["input_messages"], value, sent) or _is_run_of(row, value, sent),
    ),
    CallField(
        "tool_results",
        lambda call: list(_parts(call.messages, "tool_call_response")),
        lambda sent, value: sent.has(decoded(value["response"])) or sent.has_text(value["response"]),
        _result_heard,
    ),
    CallField(
        "image",
        lambda call: list(_parts(call.messages, "image")),
        _image_sent,
        lambda row, _, __: any(map(_is_image, _parts(row["input_messages"]))),
    ),
    CallField(
        "image_bytes",
        lambda call: list(_parts(call.messages, "image")),
        lambda sent, value: sent.has_text(value["data"]),
        lambda row, _, __: any(map(_image_bytes, _parts(row["input_messages"]))),
    ),
    CallField(
        "output_text",
        _output("text"),
        lambda sent, value: sent.has_text(value["content"]),
        lambda row, value, _: value["content"] in part_texts(row["output_messages"]),
    ),
    CallField(
        "reasoning",
        _output("reasoning"),
        lambda sent, value: sent.has_text(value["content"]),
        lambda row, value, _: value["content"] in part_texts(row["output_messages"], "reasoning"),
    ),
    CallField(
        "tool_calls",
        _output("tool_call"),
        _call_sent,
        lambda row, value, sent: _calls_in(row["output_messages"], value, sent) or _is_run_of(row, value, sent),
    ),
    CallField(
        "tool_definitions",
        lambda call: [tool for tool in call.tools if tool["description"]],
        _tool_sent,
        lambda row, value, _: any(
            tool.get("name") == value["name"] and tool.get("description") == value["description"]
            for tool in row["tool_definitions"] or ()
        ),
    ),
    CallField(
        "tool_parameters",
        lambda call: [tool for tool in call.tools if tool["parameters"]],
        lambda sent, value: sent.has(value["parameters"]),
        lambda row, value, _: any(
            tool.get("name") == value["name"] and contains(tool.get("parameters"), value["parameters"])
            for tool in row["tool_definitions"] or ()
        ),
    ),
    CallField(
        "finish_reasons",
        _finish,
        _finish_sent,
        lambda row, value, _: bool(value & set(row["finish_reasons"] or ())),
    ),
    CallField(
        "input_tokens",
        lambda call: [call.usage] if call.usage else [],
        _input_sent,
        lambda row, value, _: row["input_tokens"] == value["input"],
    ),
    CallField("output_tokens", _usage("output"), Sent.has, lambda row, value, _: row["output_tokens"] == value),
    CallField("cache_read", _usage("read"), Sent.has, lambda row, value, _: row["cache_read_tokens"] == value),
    CallField("cache_write", _usage("write"), Sent.has, lambda row, value, _: row["cache_write_tokens"] == value),
    CallField(
        "reasoning_tokens", _usage("reasoning"), Sent.has, lambda row, value, _: row["reasoning_tokens"] == value
    ),
    CallField(
        "status",
        lambda call: ["error"] if call.error else [],
        lambda sent, _: sent.failed or bool({"ERROR", "error"} & sent.exact),
        lambda row, value, _: row["status"] == value,
    ),
    CallField(
        "error_type",
        lambda call: ["error.type"] if call.error else [],
        lambda sent, _: bool(_stated(sent, "error.type", "exception.type")),
        lambda row, _, sent: row["error_type"] in _stated(sent, "error.type", "exception.type"),
    ),
    CallField(
        "error_code",
        lambda call: [str(call.status)] if call.error else [],
        _code_sent,
        lambda row, value, _: row["error_code"] == value,
    ),
    CallField(
        "error_message",
        lambda call: [call.error["message"]] if call.error else [],
        _word,
        lambda row, value, _: value in str(row["status_message"]),
    ),
)
