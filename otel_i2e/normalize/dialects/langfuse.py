"""Langfuse SDK 3 to 5: `langfuse.observation.*`, read in `langfuse` 5.0.4 and seen on the wire.

Input and output are what the application or an integration passed in, as JSON: the request and the answer
of the provider's API in most generations. `model.name` is the model that was asked for until there is an
answer. Buckets of `usage_details` do not overlap, unless they are OpenAI's own usage object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.models.json_text import parse_if_json
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.messages import content, tool_definitions
from otel_i2e.normalize.payloads import answered, asked, params
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import amount, count, object_of, text, tool_result, words
from otel_i2e.normalize.usage import usage

__all__ = ["LANGFUSE"]

_SPAN: Final = "span"
_OBSERVATION: Final = "langfuse.observation."
_KINDS: Final = {
    "generation": "llm",
    "embedding": "embedding",
    "agent": "agent",
    "tool": "tool",
    "retriever": "retrieval",
    "chain": "chain",
}
_CACHE_READ: Final = ("cache_read_input_tokens", "input_cache_read", "input_cached_tokens")
_CACHE_WRITE: Final = ("cache_creation_input_tokens", "input_cache_creation")
_WRITTEN: Final = ("input_ephemeral_5m_input_tokens", "input_ephemeral_1h_input_tokens")
_REASONING: Final = ("output_reasoning", "output_reasoning_tokens")


def _kind(value: Any) -> str | None:
    """Events, evaluators and guardrails have no kind of their own here; `span` is what is said by default."""
    if value == _SPAN:
        return None
    return _KINDS.get(value.lower(), "other") if isinstance(value, str) else None


def _failed(value: Any) -> str | None:
    return "error" if value == "ERROR" else None


def _cost(value: Any) -> float | None:
    """The total, or the sum of the parts without one; a cost of nothing says that the price was not known."""
    sent = object_of(value) or {}
    parts = [sent["total"]] if "total" in sent else list(sent.values())
    return round(sum(filter(None, map(amount, parts))), 10) or None


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = {name.removeprefix(_OBSERVATION): raw.attributes[name] for name in raw.attributes}
    kind, given, back = sent.get("type"), sent.get("input"), sent.get("output")
    if kind == "generation":
        return {**_call(sent, given, back), **_models(sent, back), **_usage(sent.get("usage_details"))}
    if kind == "tool":
        return {"tool_name": raw.name, "tool_arguments": content(given), "tool_result": tool_result(back)}
    if kind == "retriever":
        return {"input_text": _query(given), "documents": documents(back)}
    named = _models(sent, back) if kind == "embedding" else {}
    if kind == _SPAN and semconv.OPERATION_NAME not in raw.attributes:
        named["kind"] = "chain"
    return {"input_text": text(given), "output_text": text(back), **named, **_usage(sent.get("usage_details"))}


def _call(sent: Json, given: Any, back: Any) -> Facts:
    reason: Any = sent.get("metadata.finish_reason")
    given, offered = _without_tools(given)
    facts = {**asked(given), **{name: value for name, value in answered(back).items() if value is not None}}
    facts["tool_definitions"] = tool_definitions(offered) or facts.get("tool_definitions")
    own = params(object_of(sent.get("model.parameters")) or {})
    facts["request_params"] = {**(facts.get("request_params") or {}), **(own or {})} or None
    if not facts.get("finish_reasons") and isinstance(reason, str):
        facts["finish_reasons"] = words(parse_if_json(reason))
    return facts


def _without_tools(given: Any) -> tuple[Any, list[Json]]:
    """The input, and the tools that were offered: its handler for LangChain puts each as a message of a tool."""
    sent = parse_if_json(given) if isinstance(given, str) and '"tool"' in given else None
    if not is_list(sent):
        return given, []
    offered = [message["content"] for message in sent if _is_offer(message)]
    return [message for message in sent if not _is_offer(message)] if offered else given, offered


def _is_offer(message: Any) -> bool:
    if not is_object(message) or message.get("role") != "tool" or "tool_call_id" in message:
        return False
    defined = message.get("content")
    return is_object(defined) and (is_object(defined.get("function")) or "input_schema" in defined)


def _models(sent: Json, back: Any) -> Facts:
    named = text(sent.get("model.name"))
    return {"request_model" if back is None else "response_model": named} if named else {}


def _usage(value: Any) -> Facts:
    sent = object_of(value) or {}
    if "prompt_tokens" in sent or "input_tokens" in sent:
        return usage(sent)
    if not sent.keys() & {"input", "output"}:
        return {}
    read, write, reasoning = (_sum(sent, names) for names in (_CACHE_READ, _CACHE_WRITE, _REASONING))
    write = write or _sum(sent, _WRITTEN)
    known = {*_CACHE_READ, *_CACHE_WRITE, *_WRITTEN}
    others = [name for name in sent if name.startswith("input") and name not in known]
    return {
        "input_tokens": (_sum(sent, others) or 0) + (read or 0) + (write or 0),
        "output_tokens": _sum(sent, [name for name in sent if name.startswith("output")]),
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "reasoning_tokens": reasoning,
    }


def _sum(sent: Json, names: Sequence[str]) -> int | None:
    found = [number for name in names if (number := count(sent.get(name))) is not None]
    return sum(found) if found else None


def _query(given: Any) -> str | None:
    sent = object_of(given) or {}
    return text(sent.get("query") or sent.get("input") or given)


LANGFUSE: Final = Dialect(
    name="langfuse",
    fields={
        "kind": ("langfuse.observation.type",),
        "status": ("langfuse.observation.level",),
        "status_message": ("langfuse.observation.status_message",),
        "prompt_name": ("langfuse.observation.prompt.name",),
        "prompt_version": ("langfuse.observation.prompt.version",),
        "conversation_id": ("langfuse.session.id",),
        "user_id": ("langfuse.user.id",),
        "cost_usd": ("langfuse.observation.cost_details",),
        "environment": ("langfuse.environment",),
        "service_version": ("langfuse.release",),
    },
    readers={"kind": _kind, "status": _failed, "cost_usd": _cost},
    names=r"langfuse\.(observation\.(input|output|model|usage_details)|internal|trace)",
    scopes=("langfuse",),
    read=_read,
)
