"""Tools that OpenAI runs itself: one item of its responses is the call, and its result too.

Source: the output items of OpenAI's responses API.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from otel_i2e.normalize.parts import canonical_part, tool_call_part
from otel_i2e.normalize.raw import Json, is_object

__all__ = ["HOSTED_TOOLS", "canonical_parts"]


class _Hosted(NamedTuple):
    name: str
    """Of the tool; empty where the item says it."""
    given: tuple[str, ...]
    """Fields that are the arguments; an object alone is them."""
    back: str
    """The field that is the result."""


HOSTED_TOOLS: Final = {
    "mcp_call": _Hosted("", ("arguments",), "output"),
    "web_search_call": _Hosted("web_search", ("action",), ""),
    "file_search_call": _Hosted("file_search", ("queries",), "results"),
    "code_interpreter_call": _Hosted("code_interpreter", ("code", "container_id"), "outputs"),
    "image_generation_call": _Hosted("image_generation", ("revised_prompt",), "result"),
    "computer_call": _Hosted("computer", ("action",), ""),
    "local_shell_call": _Hosted("local_shell", ("action",), ""),
}
"""`type` of the item → the tool."""


def canonical_parts(item: Any) -> list[Json]:
    """`item` in the spelling of the conventions: one part, or a call and what came back."""
    hosted = HOSTED_TOOLS.get(str(item.get("type"))) if is_object(item) else None
    if hosted is None:
        return [canonical_part(item)]
    call_id = item.get("call_id", item.get("id"))
    call = tool_call_part(call_id, item.get("name") or hosted.name, _arguments(item, hosted))
    if failure := item.get("error"):
        return [call, {**_result(call_id, failure), "is_error": True}]
    back = item.get(hosted.back)
    return [call] if back is None else [call, _result(call_id, back)]


def _arguments(item: Json, hosted: _Hosted) -> Any:
    given = {name: item[name] for name in hosted.given if item.get(name) is not None}
    only = next(iter(given.values()), None)
    return only if len(hosted.given) == 1 and (is_object(only) or hosted.given == ("arguments",)) else given


def _result(call_id: Any, response: Any) -> Json:
    return canonical_part({"type": "tool_result", "id": call_id, "response": response})
