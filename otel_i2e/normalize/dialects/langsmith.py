"""LangSmith's OpenTelemetry export: `langsmith.*`, read in `langsmith` 0.14.17 and seen on the wire.

Inputs and outputs of a run are JSON in the bare `gen_ai.prompt` and `gen_ai.completion`: LangChain's own
for its models, the request and the answer of the API for wrapped clients. `langsmith.trace.session_*` is
the project, not a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models.json_text import parse_if_json
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.langchain import unwrapped
from otel_i2e.normalize.messages import content
from otel_i2e.normalize.payloads import answered, asked, params
from otel_i2e.normalize.printed import printed
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import object_of, text, tool_result
from otel_i2e.normalize.usage import usage

__all__ = ["LANGSMITH"]

_KINDS: Final = {
    "llm": "llm",
    "chain": "chain",
    "prompt": "chain",
    "parser": "chain",
    "tool": "tool",
    "retriever": "retrieval",
    "embedding": "embedding",
}
_METADATA: Final = "langsmith.metadata."
_PARAMS: Final = {
    "ls_temperature": "temperature",
    "ls_max_tokens": "max_tokens",
    "ls_stop": "stop_sequences",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "stop": "stop_sequences",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "n": "choice_count",
    "stream": "stream",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning_effort": "reasoning_level",
}


def _kind(value: Any) -> str | None:
    return _KINDS.get(value, "other") if isinstance(value, str) else None


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    kind = sent.get("langsmith.span.kind")
    given, back = sent.get("gen_ai.prompt"), _output(sent.get("gen_ai.completion"))
    if kind == "llm":
        facts = {**asked(given), **{name: value for name, value in answered(back).items() if value is not None}}
        facts["request_params"] = {**_params(sent), **(facts.get("request_params") or {})} or None
        return facts | {name: value for name, value in _usage(sent).items() if value is not None}
    if kind == "tool":
        return {"tool_arguments": content(given), "tool_result": tool_result(_said(back))}
    if kind == "retriever":
        query = object_of(given) or {}
        return {"input_text": text(query.get("query") or query.get("input") or given), "documents": documents(back)}
    return {"input_text": text(given), "output_text": text(_said(back))}


def _output(value: Any) -> Any:
    """What a run gave back, out of the object that LangSmith puts around what is none."""
    sent = parse_if_json(value) if isinstance(value, str) else value
    return unwrapped(sent["output"]) if is_object(sent) and sent.keys() == {"output"} else sent


def _said(back: Any) -> Any:
    """The content of a message, where a run gave one back."""
    message = unwrapped(back)
    return message["content"] if is_object(message) and "content" in message and "type" in message else back


def _params(sent: Json) -> Json:
    named = {bare: sent[_METADATA + name] for name, bare in _PARAMS.items() if sent.get(_METADATA + name) is not None}
    if isinstance(stop := named.get("stop_sequences"), str):
        named["stop_sequences"] = parse_if_json(stop)
    return {**named, **(params(object_of(sent.get(_METADATA + "ls_invocation_params")) or {}) or {})}


def _usage(sent: Json) -> Facts:
    """Counts by kind stand in metadata, and as printed Python beside the sums."""
    if counted := usage(sent.get("langsmith.metadata.usage_metadata")):
        return counted
    details = {
        name: printed(sent.get(f"gen_ai.usage.{name}")) for name in ("input_token_details", "output_token_details")
    }
    counts = {"input_tokens": sent.get(semconv.INPUT_TOKENS), "output_tokens": sent.get(semconv.OUTPUT_TOKENS)}
    return usage({**counts, **details})


LANGSMITH: Final = Dialect(
    name="langsmith",
    fields={
        "kind": ("langsmith.span.kind",),
        "conversation_id": (
            "langsmith.metadata.session_id",
            "langsmith.metadata.thread_id",
            "langsmith.metadata.conversation_id",
        ),
        "user_id": ("langsmith.metadata.user_id",),
    },
    readers={"kind": _kind},
    names=r"langsmith\.(trace|metadata|request)\.",
    scopes=("langsmith",),
    read=_read,
)
