"""OpenLLMetry and the Traceloop SDK: up to 0.4x messages in indexed attributes, `gen_ai.prompt.0.role` and
so on; since then the OpenTelemetry names; around them `traceloop.*` for workflows, tasks and tools.

Only `gen_ai.prompt.` followed by a number is meant: `gen_ai.prompt.name`, `.version` and `.variable.*`
are the conventions' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.langchain import unwrapped
from otel_i2e.normalize.messages import Content, canonical_message, content
from otel_i2e.normalize.printed import printed
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import READERS, object_of, text, tool_definitions, tool_result, words
from otel_i2e.normalize.shapes import are_blocks

__all__ = ["OPENLLMETRY"]

_OPERATIONS: Final = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings", "rerank": "retrieval"}
_KINDS: Final = {"workflow": "chain", "task": "chain", "agent": "agent", "tool": "tool"}
_INDEXED: Final = ("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions.")
_INPUT: Final = "traceloop.entity.input"
_OUTPUT: Final = "traceloop.entity.output"
_VARIABLE: Final = "traceloop.prompt.template_variables."
_FOUND: Final = frozenset({"db.query.result", "db.search.result"})
_NOBODY: Final = '"role": "unknown"'


def _operation(value: Any) -> str | None:
    return _OPERATIONS.get(value, value) if isinstance(value, str) else None


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    facts: Facts = {"prompt_variables": _variables(sent)}
    if any(name.startswith(_INDEXED) for name in sent):
        facts |= _indexed(sent)
    if "traceloop.span.kind" in sent:
        facts |= _entity(raw)
    if found := _found(raw):
        facts |= {"kind": "retrieval", "documents": documents(found)}
    if raw.scope_name.endswith(".langchain"):
        facts |= _spoken(sent)
    return facts


def _found(raw: RawSpan) -> list[Json]:
    """What a vector database found, one event each; a distance is no score, and the vector stays in the event."""
    found: list[Json] = []
    for event in raw.events:
        if event.name in _FOUND:
            bare = {name.removeprefix(f"{event.name}."): value for name, value in event.attributes.items()}
            found.append({**bare, "metadata": printed(bare.get("metadata"))})
            found[-1].pop("vector", None)
    return found


def _indexed(attributes: Json) -> Facts:
    sent = tree(attributes, "gen_ai", "llm")
    inputs = [_message(said, "user") for said in objects(sent, "gen_ai", "prompt")]
    outputs = _with_thoughts([_message(said, "assistant") for said in objects(sent, "gen_ai", "completion")])
    tools = [_tool(tool) for tool in objects(sent, "llm", "request", "functions")]
    return {
        "input_messages": Content(inputs) if inputs else None,
        "output_messages": Content(outputs) if outputs else None,
        "finish_reasons": words([said.get("finish_reason") for said in outputs]),
        "tool_definitions": tool_definitions(tools),
    }


def _message(said: Json, role: str) -> Json:
    given = content(said.get("content"))
    blocks = given.value if given is not None and are_blocks(given.value) else said.get("content")
    calls = [{"type": "tool_call", **call} for call in objects(said.get("tool_calls"))]
    return canonical_message({**said, "role": said.get("role") or role, "content": blocks, "tool_calls": calls})


def _with_thoughts(said: list[Json]) -> list[Json]:
    """A thought stands as a completion of its own before the answer that it belongs to."""
    answers: list[Json] = []
    thoughts: list[Json] = []
    reason: Any = None
    for message in said:
        if message["role"] == "thinking":
            thoughts += [{**part, "type": "reasoning"} for part in message["parts"]]
            reason = message.get("finish_reason")
        else:
            ended = {"finish_reason": reason} if reason else {}
            answers.append({**ended, **message, "parts": [*thoughts, *message["parts"]]})
            thoughts, reason = [], None
    return answers + ([{"role": "assistant", "parts": thoughts}] if thoughts else [])


def _tool(tool: Json) -> Json:
    given = content(tool.get("parameters"))
    return {**tool, "parameters": given.value if given else None}


def _variables(sent: Json) -> Json | None:
    return {name.removeprefix(_VARIABLE): sent[name] for name in sent if name.startswith(_VARIABLE)} or None


def _entity(raw: RawSpan) -> Facts:
    """What a decorated function, or a LangChain component, was given and gave back."""
    sent = raw.attributes
    kind = sent["traceloop.span.kind"]
    given, back = object_of(sent.get(_INPUT)) or {}, content(sent.get(_OUTPUT))
    result: Any = back.value if back else None
    if kind == "tool":
        return {"kind": "tool", **_run(sent, given, result)}
    if sent.get(semconv.OPERATION_NAME) in ("vector_db_retrieve", "retrieval"):
        return {"input_text": text(given.get("query")), "documents": documents(result)}
    named = {} if semconv.OPERATION_NAME in sent else {"kind": _KINDS.get(str(kind), "chain")}
    return {**named, "input_text": text(sent.get(_INPUT)), "output_text": None if result is None else text(result)}


def _run(sent: Json, given: Json, result: Any) -> Facts:
    """A tool's run; LangChain puts the arguments under `inputs`, and a message around the result."""
    kwargs: Any = given.get("kwargs")
    beside: Json = kwargs if is_object(kwargs) else {}
    answer = unwrapped(result.get("output")) if is_object(result) and "output" in result else result
    if is_object(answer) and answer.get("type") == "tool" and "content" in answer:
        answer = answer["content"]
    positional = given.get("args")
    named = given if beside and positional else beside or positional or given
    arguments = given.get("inputs", named)
    return {
        "tool_name": text(sent.get("traceloop.entity.name")),
        "tool_call_id": text(beside.get("tool_call_id")),
        "tool_arguments": content(arguments),
        "tool_result": tool_result(answer),
    }


def _spoken(sent: Json) -> Facts:
    """Messages of a streamed answer, of which LangChain's instrumentation does not know who speaks."""
    return {
        column: READERS[column](sent[name].replace(_NOBODY, '"role": "assistant"'))
        for column, name in (("input_messages", semconv.INPUT_MESSAGES), ("output_messages", semconv.OUTPUT_MESSAGES))
        if isinstance(sent.get(name), str) and _NOBODY in sent[name]
    }


OPENLLMETRY: Final = Dialect(
    name="openllmetry",
    fields={
        "operation": ("llm.request.type",),
        "user_id": ("llm.user", "traceloop.association.properties.user_id"),
        "conversation_id": (
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
        ),
        "finish_reasons": ("llm.response.finish_reason", "llm.response.stop_reason"),
        "prompt_name": ("traceloop.prompt.key",),
        "prompt_version": ("traceloop.prompt.version", "traceloop.prompt.version_name"),
    },
    readers={"operation": _operation},
    params={
        "llm.is_streaming": "stream",
        "llm.top_k": "top_k",
        "llm.frequency_penalty": "frequency_penalty",
        "llm.presence_penalty": "presence_penalty",
        "llm.chat.stop_sequences": "stop_sequences",
        "llm.request.repetition_penalty": "repetition_penalty",
    },
    names=r"gen_ai\.(prompt|completion)\.\d+\.|llm\.request\.functions\.\d+\.|traceloop\.",
    events=_FOUND,
    read=_read,
)
