"""Request and answer of a model API, as JSON → candidates. Several families send them whole.

Known are OpenAI's chat completions and responses, Anthropic's messages, Bedrock's and Gemini's, LangChain's results,
and bare messages, blocks and texts.
"""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.normalize.cut_json import left_of
from otel_i2e.normalize.dialect import Facts
from otel_i2e.normalize.langchain import generations, unwrapped
from otel_i2e.normalize.messages import Content, content, instructions, messages, tool_definitions
from otel_i2e.normalize.other_apis import plain_answer, plain_request
from otel_i2e.normalize.raw import Json, is_list, is_object
from otel_i2e.normalize.readers import text, words
from otel_i2e.normalize.shapes import is_message
from otel_i2e.normalize.usage import usage

__all__ = ["answered", "asked", "is_request", "one_answer", "params"]

_SAID: Final = ("messages", "input", "prompt", "contents")
"""Where a request has what was said, in this order."""

_PARAMS: Final = {
    "stop": "stop_sequences",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
}
_OF_A_MESSAGE: Final = (
    *("role", "content", "parts", "tool_calls", "function_call", "type"),
    *("refusal", "reasoning_content", "reasoning", "audio"),
)
_NO_PARAMS: Final = frozenset(
    {
        *("model", *_SAID, "system", "instructions"),
        *("tools", "functions", "extra_headers", "extra_query", "extra_body", "timeout", "api_key", "metadata"),
    }
)


def asked(value: Any) -> Facts:
    """What the model was asked: messages, instructions, tools, parameters, model. JSON text or a structure."""
    if _is_list_text(value):
        return {"input_messages": messages(value)}
    given = content(value)
    sent: Any = given.value if given else None
    sent = plain_request(sent) if is_object(sent) else sent
    if not is_object(sent) or not is_request(sent):
        return _asked_in_part(value)
    said = next((sent[name] for name in _SAID if sent.get(name)), None)
    return {
        "input_messages": messages({"messages": said} if is_list(said) else said),
        "system_instructions": instructions(sent.get("system") or sent.get("instructions")),
        "tool_definitions": tool_definitions(sent.get("tools") or sent.get("functions")),
        "request_model": text(sent.get("model")),
        "request_params": params(sent),
    }


def is_request(sent: Json) -> bool:
    """Whether a model was asked something in it, and not only told how."""
    return not sent.keys().isdisjoint(_SAID)


def _is_list_text(value: Any) -> bool:
    """Whether `value` can be messages, but no request and no answer: it need not be parsed to see."""
    return isinstance(value, str) and value.startswith("[")


def _asked_in_part(value: Any) -> Facts:
    """Messages that are no request; or those of a request that was cut, with the model where that was sent whole."""
    said = messages(value)
    if said is None or not said.cut:
        return {"input_messages": said}
    left, _ = left_of(value)
    known: Json = left if is_object(left) and list(left)[-1] != "model" else {}
    return {"input_messages": said, "request_model": text(known.get("model"))}


def params(sent: Json) -> Json | None:
    """The parameters of a request under their bare names; None when there are none."""
    found = {_PARAMS.get(name, name): sent[name] for name in sent if name not in _NO_PARAMS and sent[name] is not None}
    if isinstance(stop := found.get("stop_sequences"), str):
        found["stop_sequences"] = words(stop)
    return found or None


def answered(value: Any) -> Facts:
    """What the model answered: messages, finish reasons, model, id, usage. JSON text or a structure."""
    if _is_list_text(value):
        return {"output_messages": messages(value, "assistant")}
    given = content(value)
    sent: Any = unwrapped(given.value) if given else None
    if is_object(sent) and "generations" in sent:
        return _result(sent)
    sent = plain_answer(sent) if is_object(sent) else sent
    if is_object(sent) and sent.keys() == {"message"} and is_message(sent["message"]):  # LangSmith's wrappers
        sent = sent["message"]
    if not is_object(sent) or not (is_list(sent.get("choices")) or is_list(sent.get("output")) or is_message(sent)):
        return {"output_messages": messages(value if given and sent is given.value else sent, "assistant")}
    said = messages(_said(sent), "assistant")
    said = _one_answer(said) if is_list(sent.get("output")) and "choices" not in sent else said
    return {
        "output_messages": said,
        "finish_reasons": _reasons(sent, said),
        "response_model": text(sent.get("model")),
        "response_id": text(sent.get("id")),
        **usage(sent.get("usage") or sent.get("usage_metadata")),
    }


def _said(sent: Json) -> Any:
    """The messages in an answer."""
    if "choices" in sent:
        return {"choices": sent["choices"]}
    if is_list(sent.get("output")):
        return sent["output"]
    return [{name: sent[name] for name in _OF_A_MESSAGE if sent.get(name)}]


def _one_answer(said: Content | None) -> Content | None:
    return said and Content(one_answer(said.value), None, said.cut)


def one_answer(said: list[Json]) -> list[Json]:
    """The items of OpenAI's responses as one message: thoughts, texts and calls are no choices among which to take."""
    if len(said) < 2 or any(message["role"] != "assistant" for message in said):
        return said
    whole: Json = {}
    for message in said:
        whole |= message
    return [{**whole, "parts": [part for message in said for part in message["parts"]]}]


def _reasons(sent: Json, said: Content | None) -> list[str] | None:
    if reason := sent.get("stop_reason") or sent.get("finish_reason"):
        return words(reason)
    if is_object(cut := sent.get("incomplete_details")) and cut.get("reason"):  # OpenAI's responses
        return words(cut["reason"])
    return words([message.get("finish_reason") for message in said.value]) if said else None


def _result(sent: Json) -> Facts:
    """LangChain's `LLMResult`."""
    choices = generations(sent)
    if not choices:
        return {}
    beside: Any = sent.get("llm_output")
    known: Json = {**choices[0]["metadata"], **(beside if is_object(beside) else {})}
    said = [choice["message"] for choice in choices]
    counted = usage(choices[0]["usage"]) or usage(known.get("token_usage") or known.get("usage"))
    return {
        "output_messages": messages(said, "assistant"),
        "finish_reasons": words([message.get("finish_reason") for message in said]),
        "response_model": text(known.get("model_name") or known.get("model")),
        "response_id": text(known.get("id")),
        **counted,
    }
