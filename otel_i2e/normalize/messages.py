"""Messages, system instructions and tool definitions, whoever spelled them → the canonical form.

A sender that already speaks the canonical form as JSON text keeps its text: what was sent is what is
stored, and nothing is written again (`Content.text`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

import orjson

from otel_i2e.models.json_text import SORTED, dumps, exact, loads
from otel_i2e.normalize.cut_json import loads_cut
from otel_i2e.normalize.hosted_tools import HOSTED_TOOLS, canonical_parts
from otel_i2e.normalize.langchain import generations, is_langchain, plain_message
from otel_i2e.normalize.parts import canonical_part, is_canonical_part, is_known_part, text_part
from otel_i2e.normalize.raw import Json, is_list, is_object
from otel_i2e.normalize.shapes import are_blocks, are_cut_messages, are_messages

__all__ = ["Content", "canonical_message", "content", "cut_off", "instructions", "messages", "tool_definitions"]

_JSON_BEGINS: Final = ("[", "{", '"', " ", "\n", "\t", "\r")
_REMEMBERED_SIZE: Final = 100_000
_MESSAGE_NAMES: Final = frozenset({"role", "parts", "content", "tool_calls", "tool_call_id", "function_call"})
_ASIDE: Final = frozenset({"reasoning_content", "reasoning", "audio"})
_SPENT: Final = _MESSAGE_NAMES | _ASIDE | {"is_error"}
_BESIDE: Final = frozenset({"tool_calls", "tool_call_id", "reasoning_content"})
_NO_BLOCK: Final = frozenset({"role", "parts", "message"})
_ROLES: Final = {"model": "assistant"}  # Gemini
_SPEAKERS: Final = {
    **dict.fromkeys(("function_call", "custom_tool_call", "reasoning", *HOSTED_TOOLS), "assistant"),
    **dict.fromkeys(("function_call_output", "custom_tool_call_output"), "tool"),
}
_TOOL_NAMES: Final = frozenset({"function", "input_schema", "inputSchema"})

Shape = Callable[[Any], bool]


class Content(NamedTuple):
    """A JSON column."""

    value: Any
    text: str | None = None
    """The text as sent, when that is the canonical form."""
    cut: bool = False
    """Whether only the beginning was sent."""

    def json(self) -> str:
        """The column's text."""
        return dumps(self.value) if self.text is None else self.text


def messages(value: Any, role: str = "user") -> Content | None:
    """Messages from JSON text or a structure; any other text is one message of `role`, to the letter.

    None when there are none.
    """
    parsed, text = _parsed(value)
    if is_list(parsed) and parsed and _are_canonical(parsed):
        return Content(parsed, text if text is not None and _is_legible(text, parsed) else None)
    parsed, cut = _read(value, parsed, are_messages, are_cut_messages)
    if is_object(parsed):
        parsed = _in_object(parsed)
    if isinstance(parsed, str):
        return Content([{"role": role, "parts": [text_part(parsed)]}]) if parsed else None
    if not is_list(parsed) or not parsed:
        return None
    return Content(parsed if _are_canonical(parsed) else _said(parsed, role), None, cut)


def cut_off(said: Content | None, cut: bool) -> Content | None:
    """`said`, marked when it was read out of text of which only the beginning was sent."""
    return said._replace(cut=True) if said is not None and cut else said


def canonical_message(message: Any, role: str = "user") -> Json:
    """One message as `{"role", "parts"}`; other fields, such as `name` and `finish_reason`, stay."""
    if not is_object(message):
        return {"role": role, "parts": [canonical_part(message)]}
    if is_langchain(message):
        message = plain_message(message)
    said = _ROLES.get(spoken := str(message.get("role") or role), spoken)
    parts = _parts(message.get("parts") or message.get("content") or _refused(message))
    if not _ASIDE.isdisjoint(message):
        parts = [*_thoughts(message, parts), *parts, *_spoken(message, parts)]
    if said in ("tool", "function") and _is_answer(message):
        back = message.get("parts", message.get("content"))
        answer = {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": back}
        failed = {"is_error": True} if message.get("is_error") is True else {}
        parts = [{**canonical_part(answer), **failed}]
    if calls := _calls(message):
        known = {dumps(part, SORTED) for part in parts if part.get("type") == "tool_call"}
        parts += [call for call in calls if dumps(call, SORTED) not in known]
    return {"role": said, "parts": parts, **{key: message[key] for key in message if key not in _SPENT}}


def _refused(message: Json) -> Any:
    """OpenAI's models put what they say instead of an answer beside the content."""
    return message.get("refusal") if isinstance(message.get("refusal"), str) else None


def _thoughts(message: Json, parts: list[Json]) -> list[Json]:
    """Reasoning that servers with OpenAI's API put beside the content: DeepSeek, vLLM, Groq, OpenRouter."""
    said = message.get("reasoning_content") or message.get("reasoning")
    if not isinstance(said, str) or any(part.get("type") == "reasoning" for part in parts):
        return []
    return [{"type": "reasoning", "content": said}]


def _spoken(message: Json, parts: list[Json]) -> list[Json]:
    """An answer that was spoken, as what it says and its sound."""
    audio = message.get("audio")
    if not is_object(audio):
        return []
    words = [text_part(audio["transcript"])] if audio.get("transcript") and not parts else []
    return [*words, *([canonical_part({"type": "audio", "source": audio})] if audio.get("data") else [])]


def instructions(value: Any) -> Content | None:
    """System instructions as a list of parts, from JSON text, plain text or a structure; None when there are none."""
    if isinstance(value, str) and len(value) <= _REMEMBERED_SIZE:
        return _remembered_instructions(value)
    return _instructions(value)


def tool_definitions(value: Any) -> Content | None:
    """Tool definitions as `[{"name", "description", "parameters"}]`; None when there are none."""
    if isinstance(value, str) and len(value) <= _REMEMBERED_SIZE:
        return _remembered_tools(value)
    return _tools(value)


def content(value: Any) -> Content | None:
    """Any content: JSON text parsed and its text kept, other text as it is. None when there is none."""
    parsed, text = _parsed(value)
    if parsed is None or text is None:
        return None if parsed is None else Content(parsed)
    return Content(exact(text, parsed), None if "\\u" in text else text)


def _is_answer(message: Json) -> bool:
    """Whether a tool's message is its result as it is, and not a part that says so."""
    parts = message.get("parts")
    return not is_list(parts) or ("tool_call_id" in message and all(_is_text(part) for part in parts))


def _is_text(part: Any) -> bool:
    return is_object(part) and part.get("type") == "text"


def _said(sent: list[Any], role: str) -> list[Json]:
    """The messages of a list; blocks that stand among them, or instead of them, are put into messages."""
    said: list[Json] = []
    blocks: Json | None = None
    for item in sent:
        if not _is_block(item):
            blocks = None
            said.append(canonical_message(item, role))
            continue
        speaker = _SPEAKERS.get(str(item.get("type")), role)
        if blocks is None or blocks["role"] != speaker:
            blocks = {"role": speaker, "parts": []}
            said.append(blocks)
        blocks["parts"] += canonical_parts(item)
    return said


def _is_block(item: Any) -> TypeGuard[Json]:
    """Whether `item` is a part of a message: it says what it is and not who speaks."""
    if not is_object(item) or not _NO_BLOCK.isdisjoint(item) or is_langchain(item):
        return False
    return isinstance(item.get("type"), str) or is_known_part(item)


def _parsed(value: Any) -> tuple[Any, str | None]:
    """The value, and its JSON text when it was sent as valid JSON text."""
    if not isinstance(value, str):
        return value, None
    if not value.startswith(_JSON_BEGINS):
        return value, None
    try:
        return orjson.loads(value), value
    except ValueError:
        try:
            return loads(value), None
        except ValueError:
            return value, None


def _read(sent: Any, parsed: Any, is_it: Shape, is_it_cut: Shape) -> tuple[Any, bool]:
    """What JSON text holds that is of a shape, with all digits; a text whose JSON is not; whether it was cut off."""
    if not isinstance(sent, str):
        return parsed, False
    if is_list(parsed) and not parsed:
        return None, False
    if isinstance(parsed, str):
        with suppress(ValueError):
            left = loads_cut(parsed)
            if is_it_cut(left):
                return left, not _is_whole(parsed)
        return parsed, False
    return (exact(sent, parsed) if is_it(parsed) else sent), False


def _is_whole(text: str) -> bool:
    """Whether JSON text, in JSON text itself, was sent to its end."""
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def _is_structure(value: Any) -> bool:
    return is_object(value) or is_list(value)


def _in_object(fields: Json) -> Any:
    """The messages in a message, in a request (`messages`) or in an answer with `choices`; else the object as text."""
    if "messages" in fields:
        said = fields["messages"]
        return said[0] if is_list(said) and len(said) == 1 and is_list(said[0]) else said
    if "generations" in fields:
        return [choice["message"] for choice in generations(fields)]
    if is_langchain(fields):
        return [fields]
    choices = fields.get("choices")
    if is_list(choices):
        chosen = [(_chosen(choice), choice.get("finish_reason")) for choice in choices if is_object(choice)]
        return [{**message, "finish_reason": reason} for message, reason in chosen if is_object(message)]
    return [fields] if not _MESSAGE_NAMES.isdisjoint(fields) or is_known_part(fields) else dumps(fields)


def _chosen(choice: Json) -> Any:
    """The message of a choice; of a text completion, its text as one."""
    text = choice.get("text")
    return {"role": "assistant", "content": text} if isinstance(text, str) else choice.get("message")


def _are_canonical(sent: list[Any]) -> bool:
    """Whether no message needs a change. In the hot path, so the most frequent part is looked at in place."""
    for message in sent:
        if not is_object(message):
            return False
        parts: Any = message.get("parts")
        if not is_list(parts) or not isinstance(message.get("role"), str) or not _BESIDE.isdisjoint(message):
            return False
        for part in parts:
            plain = is_object(part) and part.get("type") == "text" and isinstance(part.get("content"), str)
            if not plain and not is_canonical_part(part):
                return False
    return True


def _is_legible(text: str, said: list[Json]) -> bool:
    """Whether `text` hides no letter behind a `\\u` escape, where a search would miss it. Looks as little as it can."""
    if not text.isascii() or "\\" not in text:
        return True
    for message in said:
        for part in message["parts"]:
            if part["type"] != "text" or not part["content"].isascii():
                return "\\u" not in text
    return True


def _calls(message: Json) -> list[Json]:
    """Tool calls that stand beside the content, as OpenAI has them."""
    listed = message.get("tool_calls")
    calls = [{"type": "tool_call", **call} if is_object(call) else call for call in listed] if is_list(listed) else []
    if is_object(asked := message.get("function_call")):
        calls.append({"type": "tool_call", "id": None, **asked})
    return [canonical_part(call) for call in calls]


def _parts(value: Any) -> list[Json]:
    if value is None or value == "":
        return []
    return [one for part in value for one in canonical_parts(part)] if is_list(value) else canonical_parts(value)


def _instructions(value: Any) -> Content | None:
    parsed, text = _parsed(value)
    if is_list(parsed) and all(map(is_canonical_part, parsed)):
        return Content(parsed, None if text and "\\u" in text else text) if parsed else None
    parsed, cut = _read(value, parsed, are_blocks, are_blocks)
    parts = _parts(parsed)
    return Content(parts, None, cut) if parts else None


def _tools(value: Any) -> Content | None:
    parsed, text = _parsed(value)
    parsed, cut = _read(value, parsed, _is_structure, _is_structure)
    if is_object(parsed):
        parsed, text = [parsed], None
    if not is_list(parsed) or not parsed:
        return None
    if all(is_object(tool) and "name" in tool and _TOOL_NAMES.isdisjoint(tool) for tool in parsed):
        return Content(parsed, text, cut)
    return Content([_tool(tool) for tool in parsed], None, cut)


def _tool(sent: Any) -> Json:
    tool: Any = _parsed(sent)[0]
    if not is_object(tool):
        return {"name": str(tool), "description": None, "parameters": None}
    function: Json = inner if is_object(inner := tool.get("function")) else tool
    schema = next((function[name] for name in ("parameters", "input_schema", "inputSchema") if name in function), None)
    return {"name": function.get("name"), "description": function.get("description"), "parameters": schema}


_remembered_instructions: Final = lru_cache(maxsize=128)(_instructions)
_remembered_tools: Final = lru_cache(maxsize=128)(_tools)
"""An application sends the same few with every call; the values are shared, so nobody may change them."""
