"""MLflow tracing: `mlflow.span*`, each value JSON text, read in `mlflow` 3.17 and seen on the wire.

Inputs and outputs of a model call are the request and the answer of the provider's API. Sessions, users
and prompts are no part of its spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.models.json_text import parse_if_json
from otel_i2e.normalize.chunks import put_together
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.documents import documents
from otel_i2e.normalize.messages import Content, content
from otel_i2e.normalize.or_empty import object_or_empty
from otel_i2e.normalize.payloads import answered, asked, params
from otel_i2e.normalize.printed import given_only
from otel_i2e.normalize.pydantic_ai_messages import are_pydantic_ai, pydantic_ai_answered, pydantic_ai_asked
from otel_i2e.normalize.raw import Json, RawEvent, RawLog, RawSpan, is_list, is_object
from otel_i2e.normalize.readers import amount, object_of, text, tool_result
from otel_i2e.normalize.usage import usage

__all__ = ["MLFLOW"]

_CHUNK: Final = "mlflow.chunk.value"
_NO_PARAMS: Final = frozenset({"model_name", "_type"})
_RESPONSE: Final = ("id", "model", "usage", "incomplete_details", "instructions")
"""Fields of OpenAI's response, which are attributes of the spans of its Agents SDK."""
_KINDS: Final = {
    "LLM": "llm",
    "CHAT_MODEL": "llm",
    "CHAIN": "chain",
    "WORKFLOW": "chain",
    "TASK": "chain",
    "AGENT": "agent",
    "TOOL": "tool",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "EMBEDDING": "embedding",
}


def _kind(value: Any) -> str | None:
    word = _plain(value)
    return _KINDS.get(word.upper(), "other") if isinstance(word, str) else None


def _word(value: Any) -> str | None:
    return text(_plain(value))


def _cost(value: Any) -> float | None:
    return amount((object_of(value) or {}).get("total_cost"))


def _plain(value: Any) -> Any:
    return parse_if_json(value) if isinstance(value, str) else value


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    kind = _kind(sent.get("mlflow.spanType"))
    given, back = _plain(sent.get("mlflow.spanInputs")), _plain(sent.get("mlflow.spanOutputs"))
    given = None if given == "null" else given
    back = None if back == "null" else back
    if kind == "llm":
        if is_list(back) and _plain(sent.get("object")) == "response":
            given, back = _whole(sent, given, back)
        counted = usage(_plain(sent.get("mlflow.chat.tokenUsage")))
        told = {name: value for name, value in counted.items() if value is not None}
        return {**_call(sent, given, back, _streamed(raw.events, back)), **told}
    if kind == "tool":
        name = _word(sent.get("mlflow.spanFunctionName")) or raw.name
        return {"tool_name": name, "tool_arguments": content(given), "tool_result": tool_result(back)}
    if kind == "retrieval":
        return {"input_text": _query(given), "documents": documents(back)}
    if kind == "embedding":
        return _embedded(sent, given, back)
    return {"input_text": text(_prompt(given) or None), "output_text": text(_output(back))}


def _prompt(given: Any) -> Any:
    """What a person said, out of the arguments of a run of pydantic-ai."""
    return given.get("user_prompt", given) if is_object(given) else given


def _output(back: Any) -> Any:
    """What the run of an agent gave, out of all that pydantic-ai knows of it."""
    return back["output"] if is_object(back) and "_new_messages_serialized" in back and "output" in back else back


def _whole(sent: Json, given: Any, output: list[Any]) -> tuple[Any, Json]:
    """What the model was asked and answered, where the rest of OpenAI's response stands beside its output."""
    told = {name: _plain(sent.get(name)) for name in _RESPONSE}
    asked_for = {"input": given, "instructions": told["instructions"]} if is_list(given) else given
    return asked_for, {**told, "output": output}


def _embedded(sent: Json, given: Any, back: Any) -> Facts:
    """A request for vectors; they stay among the attributes."""
    request, answer = object_or_empty(given), object_or_empty(back)
    counted = usage(_plain(sent.get("mlflow.chat.tokenUsage"))) or usage(answer.get("usage"))
    return {
        "request_model": text(request.get("model")) or _word(sent.get("mlflow.llm.model")),
        "response_model": text(answer.get("model")),
        "input_text": text(request.get("input")) or text(given or None),
        "input_tokens": counted.get("input_tokens"),
    }


def _call(sent: Json, given: Any, back: Any, streamed: Facts) -> Facts:
    """`mlflow.llm.model` is the model that was asked for with some providers, that which answered with others.

    LiteLLM tells it as `model`, and its price; LangChain's parameters stand beside its messages.
    """
    facts = {**_asked(given), **{name: value for name, value in _answered(back).items() if value is not None}}
    facts |= streamed
    if facts.get("request_model") is None:
        facts["request_model"] = _word(sent.get("mlflow.llm.model" if "litellm_call_id" not in sent else "model"))
    if (chosen := object_of(sent.get("invocation_params"))) is not None:
        kept = {name: value for name, value in chosen.items() if name not in _NO_PARAMS}
        facts["request_params"] = {**(facts.get("request_params") or {}), **(params(kept) or {})} or None
    if "litellm_call_id" in sent:
        facts["cost_usd"] = amount(sent.get("response_cost"))
    if sent.get("mlflow.llm.provider") is None:
        facts["provider"] = _word(sent.get("mlflow.message.format"))
    return facts


def _asked(given: Any) -> Facts:
    """Of a request, or of the arguments of the function that sends it: there may be some that were not given."""
    if not is_object(given):
        return asked(given)
    return pydantic_ai_asked(given) if are_pydantic_ai(given.get("messages")) else asked(given_only(given))


def _answered(back: Any) -> Facts:
    return pydantic_ai_answered(back) if is_object(back) and are_pydantic_ai(back) else answered(back)


def _streamed(events: Sequence[RawEvent], back: Any) -> Facts:
    """An answer out of the chunks of a stream: all of it where the span has no output, else with its tool calls.

    The output leaves calls out, and there is none when the stream was left early.
    """
    sent = [object_of(event.attributes.get(_CHUNK)) for event in events if event.name.startswith("mlflow.chunk.item.")]
    whole = put_together([chunk for chunk in sent if chunk is not None])
    if whole is None:
        return {}
    told = {name: value for name, value in answered(whole).items() if value is not None}
    if back is None:
        return told
    said: Content | None = told.get("output_messages")
    asks = said is not None and any(part["type"] == "tool_call" for one in said.value for part in one["parts"])
    return {name: told[name] for name in ("output_messages", "finish_reasons") if asks and name in told}


def _query(given: Any) -> str | None:
    return text(given.get("query") or given.get("input") or given) if is_object(given) else text(given)


MLFLOW: Final = Dialect(
    name="mlflow",
    fields={
        "kind": ("mlflow.spanType",),
        "provider": ("mlflow.llm.provider",),
        "tool_definitions": ("mlflow.chat.tools",),
        "cost_usd": ("mlflow.llm.cost",),
    },
    readers={"kind": _kind, "provider": _word, "cost_usd": _cost},
    names=r"mlflow\.(spanInputs|spanOutputs|chat\.tokenUsage)$",
    read=_read,
)
