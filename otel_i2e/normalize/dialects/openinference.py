"""OpenInference (Arize): flattened attributes; `openinference.span.kind` shows it.

Source: `openinference-semantic-conventions` 0.1.42 and the repository's `spec/*.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.messages import canonical_message, tool_definitions
from otel_i2e.normalize.openinference_values import answer_in, documents_in, query_in, request_in, richer, tool_run_in
from otel_i2e.normalize.parts import canonical_part, text_part, tool_call_part
from otel_i2e.normalize.payloads import one_answer, params
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import amount, object_of, text

__all__ = ["OPENINFERENCE"]

_KINDS: Final = {
    "LLM": "llm",
    "CHAIN": "chain",
    "AGENT": "agent",
    "TOOL": "tool",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "EMBEDDING": "embedding",
}
_AGENTS: Final = "openinference.instrumentation.openai_agents"
_NEVER_LEARN: Final = tuple(
    f"openinference.instrumentation.{name}" for name in ("agno", "crewai", "dspy", "smolagents")
)
"""Their `llm.model_name` is the model of the application's object, whichever answered."""
_ANSWERS: Final = frozenset({"content", "tool_call_id"})
"""A message of a tool without any of them says nothing."""
_MODEL_NAMES: Final = ("model", "model_name")
_NO_PARAMS: Final = frozenset({*_MODEL_NAMES, "_type", "id", "created_at"})


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    kind = _kind(raw)
    sent = tree(raw.attributes, "llm", "retrieval", "reranker", "embedding")
    facts: Facts = {"kind": kind, "input_text": _embedded(sent), "cost_usd": _cost(raw.attributes)}
    if kind == "tool":
        return {**facts, **tool_run_in(raw.attributes)}
    if kind == "retrieval":
        reranked = objects(sent, "reranker", "output_documents", wrapper="document")
    else:
        reranked = []
        facts |= _call(raw, sent, whole=kind in ("llm", None))
    found = objects(sent, "retrieval", "documents", wrapper="document") or reranked
    if found or kind == "retrieval":
        facts["documents"] = documents_in(raw.attributes, found)
        facts["input_text"] = facts["input_text"] or query_in(raw.attributes)
    return facts


def _cost(sent: Json) -> float | None:
    """The parts of a cost whose total was not sent."""
    parts = [amount(sent.get(f"llm.cost.{part}")) for part in ("prompt", "completion")]
    return None if "llm.cost.total" in sent or None in parts else round(sum(filter(None, parts)), 10)


def _kind(raw: RawSpan) -> str | None:
    """Guardrails, evaluators, prompts and decisions have no kind of their own here.

    LlamaIndex calls the making of a request a model call too.
    """
    sent = raw.attributes.get("openinference.span.kind")
    if not isinstance(sent, str):
        return None
    kind = _KINDS.get(sent.upper(), "other")
    return "chain" if kind == "llm" and raw.name.endswith("._prepare_chat_with_tools") else kind


def _call(raw: RawSpan, sent: Json, *, whole: bool) -> Facts:
    """A model call: the flattened attributes, and with `whole` what only the raw request and answer say."""
    request, answer = (request_in(raw.attributes), answer_in(raw.attributes)) if whole else ({}, {})
    given = object_of(raw.attributes.get("llm.invocation_parameters")) or {}
    tools = [tool.get("json_schema") for tool in objects(sent, "llm", "tools", wrapper="tool")]
    inputs = _messages(sent, "input_messages") or _texts(sent, "prompts", "prompt", "user")
    outputs = _messages(sent, "output_messages") or _texts(sent, "choices", "completion", "assistant")
    if (said := answer.get("output_messages")) is not None and len(said.value) == 1:
        outputs = one_answer(outputs)
    outputs = _with_call(outputs, object_of(raw.attributes.get("llm.function_call")))
    chosen = {name: value for name, value in given.items() if name not in _NO_PARAMS}
    return {
        **request,
        **answer,
        **_models(raw, given, request, answer),
        "request_params": {**(request.get("request_params") or {}), **(params(chosen) or {})} or None,
        "input_messages": richer(inputs, request.get("input_messages")),
        "output_messages": richer(outputs, answer.get("output_messages")),
        "tool_definitions": tool_definitions(tools) or request.get("tool_definitions"),
    }


def _models(raw: RawSpan, given: Json, request: Facts, answer: Facts) -> Facts:
    """`llm.model_name` is the model that was asked for until there is an answer, and then the one that answered.

    Frameworks that never learn which one answered leave the first there. The parameters of OpenAI Agents may
    be the answer itself, with its id.
    """
    told = next((given[name] for name in _MODEL_NAMES if given.get(name)), None) if not given.get("id") else None
    asked = text(told) or request.get("request_model")
    named = text(raw.attributes.get("llm.model_name"))
    answered = answer.get("response_model")
    if raw.scope_name.startswith(_NEVER_LEARN):
        return {"request_model": asked or named, "response_model": answered}
    if answered is not None:
        return {"request_model": asked or (named if named != answered else None), "response_model": answered}
    if raw.status_code == "error" or asked == named or raw.scope_name.startswith(_AGENTS):
        return {"request_model": asked or named}
    return {"request_model": asked, "response_model": named}


def _messages(sent: Json, name: str) -> list[Json]:
    return [_message(said) for said in objects(sent, "llm", name, wrapper="message")]


def _with_call(outputs: list[Json], called: Json | None) -> list[Json]:
    """The answer with the function call that stands beside it, unless it has one of this name already."""
    if called is None or not called.get("name"):
        return outputs
    first: Json = outputs[0] if outputs else {"role": "assistant", "parts": []}
    if any(part.get("type") == "tool_call" and part.get("name") == called["name"] for part in first["parts"]):
        return outputs
    call = tool_call_part(called.get("id"), called["name"], called.get("arguments"))
    return [{**first, "parts": [*first["parts"], call]}, *outputs[1:]]


def _texts(sent: Json, name: str, wrapper: str, role: str) -> list[Json]:
    """Prompts and completions of a text completion, as messages."""
    said = [text(item.get("text")) for item in objects(sent, "llm", name, wrapper=wrapper)]
    return [{"role": role, "parts": [text_part(words)]} for words in said if words]


def _embedded(sent: Json) -> str | None:
    texts = [text(item.get("text")) for item in objects(sent, "embedding", "embeddings", wrapper="embedding")]
    return "\n".join(words for words in texts if words) or None


def _message(said: Json) -> Json:
    calls = objects(said.get("tool_calls"), wrapper="tool_call")
    parts = _parts(said.get("contents"), with_calls=not calls)
    called = [_tool_call(call) for call in calls]
    parts += _text_beside(said.get("content"), parts)
    if said.get("function_call_name"):
        called.append(tool_call_part(None, said["function_call_name"], said.get("function_call_arguments_json")))
    role = str(said.get("role") or "user")
    named = {"name": said["name"]} if said.get("name") else {}
    if role in ("tool", "function") and (parts or said.keys() & _ANSWERS):
        answer = said.get("content") if all(part.get("type") == "text" for part in parts) else parts
        answer = parts if answer is None and parts else answer
        return canonical_message({"role": "tool", "content": answer, "tool_call_id": said.get("tool_call_id"), **named})
    return {"role": role, "parts": [*parts, *called], **named}


def _text_beside(said: Any, parts: list[Json]) -> list[Json]:
    """`content`, which may stand beside `contents` that do not say it: thoughts, images."""
    known = "".join(str(part.get("content")) for part in parts if part.get("type") == "text")
    return [] if said is None or str(said) in known else [text_part(str(said))]


def _parts(contents: Any, *, with_calls: bool) -> list[Json]:
    """Contents in order. A call that is also listed among the message's `tool_calls` is taken from there."""
    parts: list[Json] = []
    for item in objects(contents):
        block = item.get("message_content")
        called: Any = item.get("tool_call") or (block.get("tool_call") if is_object(block) else None)
        if is_object(called):
            parts += [_tool_call(called)] if with_calls else []
        elif is_object(block) and block.get("type") != "tool_use":
            parts.append(_part(block))
    return parts


def _part(block: Json) -> Json:
    for kind in ("image", "audio", "file"):
        if is_object(media := block.get(kind)):
            return canonical_part({"type": kind, "source": media.get(kind, media)})
    return canonical_part({"type": "text", **block})


def _tool_call(call: Json) -> Json:
    function = call.get("function")
    named: Json = function if is_object(function) else {}
    return tool_call_part(call.get("id"), named.get("name"), named.get("arguments"))


OPENINFERENCE: Final = Dialect(
    name="openinference",
    fields={
        "provider": ("llm.provider", "llm.system"),
        "request_model": ("llm.request.model_name", "embedding.model_name", "reranker.model_name"),
        "response_model": ("llm.response.model_name",),
        "request_params": ("embedding.invocation_parameters",),
        "finish_reasons": ("llm.finish_reason",),
        "prompt_version": ("llm.prompt_template.version",),
        "prompt_variables": ("llm.prompt_template.variables",),
        "prompt_name": ("prompt.id",),
        "input_tokens": ("llm.token_count.prompt",),
        "output_tokens": ("llm.token_count.completion",),
        "cache_read_tokens": (
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
        ),
        "cache_write_tokens": ("llm.token_count.prompt_details.cache_write",),
        "reasoning_tokens": ("llm.token_count.completion_details.reasoning",),
        "cost_usd": ("llm.cost.total",),
        "input_text": ("reranker.query",),
        "tool_name": ("tool.name",),
        "tool_call_id": ("tool.id", "tool_call.id"),
    },
    params={"reranker.top_k": "top_k"},
    names=r"openinference\.span\.kind$|llm\.(model_name|invocation_parameters|function_call|cost\.(prompt|completion))$"
    r"|llm\.(input_messages|output_messages|prompts|choices|tools)\.\d+\."
    r"|(retrieval|reranker|embedding)\.(output_)?(documents|embeddings)\.\d+\.",
    read=_read,
)
