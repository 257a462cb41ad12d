"""OpenInference (Arize): flattened attributes; `openinference.span.kind` shows it.

Source: `openinference-semantic-conventions` 0.1.42 and the repository's `spec/*.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.messages import Content, canonical_message
from otel_i2e.normalize.parts import canonical_part, text_part, tool_call_part
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import object_of, text, tool_definitions

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
_MODEL_NAMES: Final = ("model", "model_name")
_NO_PARAMS: Final = frozenset({*_MODEL_NAMES, "_type", "messages", "tools", "system", "input", "prompt", "contents"})


def _kind(value: Any) -> str | None:
    """Guardrails, evaluators, prompts and decisions have no kind of their own here."""
    return _KINDS.get(value.upper(), "other") if isinstance(value, str) else None


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = tree(raw.attributes, "llm", "retrieval", "reranker", "embedding")
    given = object_of(raw.attributes.get("llm.invocation_parameters")) or {}
    tools = [tool.get("json_schema") for tool in objects(sent, "llm", "tools", wrapper="tool")]
    return {
        **_models(raw, given),
        "request_params": {name: x for name, x in given.items() if name not in _NO_PARAMS and x is not None} or None,
        "input_messages": _content(_messages(sent, "input_messages") or _texts(sent, "prompts", "prompt", "user")),
        "output_messages": _content(
            _messages(sent, "output_messages") or _texts(sent, "choices", "completion", "assistant")
        ),
        "tool_definitions": tool_definitions(tools),
        "documents": documents(
            objects(sent, "retrieval", "documents", wrapper="document")
            or objects(sent, "reranker", "output_documents", wrapper="document")
        ),
        "input_text": _embedded(sent),
    }


def _models(raw: RawSpan, given: Json) -> Facts:
    """`llm.model_name` is the model that was asked for until there is an answer, and then the one that answered."""
    asked = next((given[name] for name in _MODEL_NAMES if given.get(name)), None)
    named = raw.attributes.get("llm.model_name")
    if raw.status_code == "error":
        return {"request_model": text(asked or named)}
    return {"request_model": text(asked), "response_model": text(named)}


def _content(found: list[Json]) -> Content | None:
    return Content(found) if found else None


def _messages(sent: Json, name: str) -> list[Json]:
    return [_message(said) for said in objects(sent, "llm", name, wrapper="message")]


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
    called = [_call(call) for call in calls]
    if not parts and said.get("content") not in (None, ""):
        parts = [text_part(str(said["content"]))]
    if said.get("function_call_name"):
        called.append(tool_call_part(None, said["function_call_name"], said.get("function_call_arguments_json")))
    role = str(said.get("role") or "user")
    named = {"name": said["name"]} if said.get("name") else {}
    if role in ("tool", "function"):
        answer = said.get("content") if "content" in said else [part for part in parts if part.get("type") == "text"]
        return canonical_message({"role": "tool", "content": answer, "tool_call_id": said.get("tool_call_id"), **named})
    return {"role": role, "parts": [*parts, *called], **named}


def _parts(contents: Any, *, with_calls: bool) -> list[Json]:
    """Contents in order. A call that is also listed among the message's `tool_calls` is taken from there."""
    parts: list[Json] = []
    for item in objects(contents):
        block = item.get("message_content")
        called: Any = item.get("tool_call") or (block.get("tool_call") if is_object(block) else None)
        if is_object(called):
            parts += [_call(called)] if with_calls else []
        elif is_object(block) and block.get("type") != "tool_use":
            parts.append(_part(block))
    return parts


def _part(block: Json) -> Json:
    image = block.get("image")
    if is_object(image):
        return canonical_part({"type": "image", "source": image.get("image", image)})
    return canonical_part({"type": "text", **block})


def _call(call: Json) -> Json:
    function = call.get("function")
    named: Json = function if is_object(function) else {}
    return tool_call_part(call.get("id"), named.get("name"), named.get("arguments"))


OPENINFERENCE: Final = Dialect(
    name="openinference",
    fields={
        "kind": ("openinference.span.kind",),
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
    readers={"kind": _kind},
    names=r"llm\.(model_name|invocation_parameters)$"
    r"|llm\.(input_messages|output_messages|prompts|choices|tools)\.\d+\."
    r"|(retrieval|reranker|embedding)\.(output_)?(documents|embeddings)\.\d+\.",
    read=_read,
)
