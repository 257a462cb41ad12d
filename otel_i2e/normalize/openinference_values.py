"""What OpenInference puts whole into `input.value` and `output.value`: requests, answers, tool runs, documents.

The flattened attributes leave out what their vocabulary has no name for: response ids, images, ids of
documents and tool calls, whole answers of streams. Printed objects of a program are left alone.
"""

from __future__ import annotations

from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.langchain import unwrapped
from otel_i2e.normalize.messages import Content, content, tool_definitions
from otel_i2e.normalize.payloads import answered, asked
from otel_i2e.normalize.raw import Json, is_list, is_object
from otel_i2e.normalize.readers import object_of, text, tool_result
from otel_i2e.normalize.richness import richness
from otel_i2e.normalize.shapes import are_messages

__all__ = ["answer_in", "documents_in", "query_in", "request_in", "richer", "tool_run_in"]

_MESSAGES: Final = ("messages", "input", "prompt", "contents")
_REQUEST: Final = '{"'
_FAKE_ID: Final = "__fake_id__"
_PYTHON_CALL: Final = frozenset({"args", "kwargs"})


def request_in(sent: Json) -> Facts:
    """What the model was asked, as `asked` gives it; parameters only of a request that names its model."""
    given = _structure(sent.get(semconv.INPUT_VALUE))
    if given is None:
        return _request_in_part(sent.get(semconv.INPUT_VALUE))
    said: Any = next((given[name] for name in _MESSAGES if given.get(name)), None) if is_object(given) else given
    if not said or (is_list(said) and any(isinstance(message, str) for message in said)):
        return {}
    facts = asked(given)
    if facts.get("request_model") is None:
        facts.pop("request_params", None)
    return facts


def _request_in_part(value: Any) -> Facts:
    """Of a request that was cut, what stood before the cut."""
    facts = asked(value) if isinstance(value, str) and value.startswith(_REQUEST) else {}
    said = facts.get("input_messages")
    return facts if said is not None and said.cut else {}


def answer_in(sent: Json) -> Facts:
    """What the model answered, as `answered` gives it; {} when there is no answer that is known."""
    given = _structure(sent.get(semconv.OUTPUT_VALUE))
    if is_list(given) and len(given) == 1 and is_object(given[0]) and is_list(given[0].get("output")):
        given = given[0]
    if is_object(given):
        given = _without_fakes(given)
    elif not are_messages(given):
        return {}
    facts = answered(given)
    said = facts.get("output_messages")
    if is_object(given) and len(facts) == 1:  # an object of some other kind, as text
        return {}
    if said is not None and not any(message["parts"] for message in said.value):
        facts["output_messages"] = None
    return facts


def tool_run_in(sent: Json) -> Facts:
    """Definition, arguments, result and call id of a tool run, out of what a framework wraps around them."""
    schema = object_of(sent.get("tool.parameters"))
    facts: Facts = {}
    if schema and ("properties" in schema or schema.get("type") == "object"):
        defined = {"name": sent.get("tool.name"), "description": sent.get("tool.description"), "parameters": schema}
        facts["tool_definitions"] = tool_definitions([defined])
    elif schema and semconv.INPUT_VALUE not in sent:
        facts["tool_arguments"] = Content(schema)
    given = _structure(sent.get(semconv.INPUT_VALUE))
    if is_object(given) and given.keys() <= _PYTHON_CALL and is_object(given.get("kwargs")) and not given.get("args"):
        facts["tool_arguments"] = Content(given["kwargs"])
    back: Any = unwrapped(_structure(sent.get(semconv.OUTPUT_VALUE)))
    if is_object(back) and back.get("type") == "tool":  # LangChain
        message: Any = back.get("data", back)
        if is_object(message):
            facts["tool_result"] = tool_result(message.get("content"))
            facts["tool_call_id"] = text(message.get("tool_call_id"))
    elif is_object(back) and "raw_output" in back:  # LlamaIndex
        facts["tool_result"] = tool_result(back["raw_output"])
    return facts


def documents_in(sent: Json, flattened: list[Json]) -> list[Json] | None:
    """The documents that were found: those of the attributes, with what the whole output knows of each besides.

    Where the attributes have none they are those of an output that has `documents`.
    """
    whole: Any = _structure(sent.get(semconv.OUTPUT_VALUE))
    listed: Any = whole.get("documents") if is_object(whole) else whole if flattened else None
    known: list[Any] = listed if is_list(listed) and all(map(is_object, listed)) else []
    if not flattened or len(known) != len(flattened):
        return documents(flattened or known)
    found = documents(flattened) or []
    for document, beside in zip(found, documents(known) or [], strict=True):
        document |= {name: beside[name] for name, value in document.items() if value is None}
    return found or None


def query_in(sent: Json) -> str | None:
    """What was looked for, out of the arguments of the function that looked; None when the input is plain text."""
    given = _structure(sent.get(semconv.INPUT_VALUE))
    return text(given.get("query") or given.get("input")) if is_object(given) else None


def richer(flattened: list[Json], whole: Content | None) -> Content | None:
    """Of two forms of the same messages that which says more; instructions are kept wherever they stand."""
    if whole is None or not whole.value:
        return Content(flattened) if flattened else None
    if _said(whole.value) <= _said(flattened):
        return Content(flattened)
    if _instructions(whole.value):
        return whole
    return Content([*_instructions(flattened), *whole.value], None, whole.cut)


def _instructions(said: list[Json]) -> list[Json]:
    return [message for message in said if _instructs(message)]


def _instructs(message: Json) -> bool:
    return message.get("role") in ("system", "developer")


def _said(messages: list[Json]) -> int:
    """How much was said, instructions aside."""
    return sum(richness(message["parts"]) for message in messages if not _instructs(message))


def _without_fakes(answer: Json) -> Json:
    """OpenAI Agents builds an answer with an id and a model of its own around what a chat model streamed."""
    if answer.get("id") != _FAKE_ID:
        return answer
    items: Any = answer.get("output")
    told: list[Any] = [item.get("provider_data") for item in items if is_object(item)] if is_list(items) else []
    ids = [one.get("response_id") for one in told if is_object(one)]
    return {**answer, "id": next(filter(None, ids), None), "model": None}


def _structure(value: Any) -> Json | list[Any] | None:
    """An object or a list that was sent as JSON text."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return None
    given = content(value)
    found: Any = given.value if given else None
    return found if is_object(found) or is_list(found) else None
