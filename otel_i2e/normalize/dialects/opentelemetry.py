"""OpenTelemetry generative-AI conventions: the latest attribute names and every older spelling of them.

Source: repository `open-telemetry/semantic-conventions-genai`, `model/gen-ai/`, and the releases of
semantic-conventions up to 1.41 for what was renamed. Span events and log records stand in
`opentelemetry_events`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.messages import messages
from otel_i2e.normalize.offloaded import OFFLOADED, addresses_in
from otel_i2e.normalize.raw import Json, RawLog, RawSpan
from otel_i2e.normalize.readers import answers

__all__ = ["OPENTELEMETRY", "beside_table"]

_REQUEST: Final = "gen_ai.request."
_PROMPT: Final = "gen_ai.prompt"
_COMPLETION: Final = "gen_ai.completion"
_REQUEST_OPENAI: Final = "gen_ai.openai.request."


def _rest(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    return {**beside_table(raw.attributes), **_bare(raw.attributes)}


def beside_table(sent: Json) -> Facts:
    """What a span's or an event's attributes say that the table does not list.

    Prompt variables, any request parameter, and addresses of content that lies elsewhere.
    """
    variables: dict[str, Any] = {}
    params: dict[str, Any] = {}
    for name, value in sent.items():
        if name.startswith(semconv.PROMPT_VARIABLE_PREFIX):
            variables[name.removeprefix(semconv.PROMPT_VARIABLE_PREFIX)] = value
        elif name.startswith((_REQUEST, _REQUEST_OPENAI)) and name != semconv.REQUEST_MODEL:
            bare = name.removeprefix(_REQUEST).removeprefix(_REQUEST_OPENAI)
            params[OPENTELEMETRY.params.get(name, bare.replace(".", "_"))] = value
    found = {"prompt_variables": variables, "request_params": params, OFFLOADED: addresses_in(sent)}
    return {column: value for column, value in found.items() if value}


def _bare(sent: Json) -> Facts:
    """The two bare names of 2024. LangSmith has another use for them: see there."""
    if (_PROMPT not in sent and _COMPLETION not in sent) or "langsmith.span.kind" in sent:
        return {}
    return {"input_messages": messages(sent.get(_PROMPT)), "output_messages": answers(sent.get(_COMPLETION))}


OPENTELEMETRY: Final = Dialect(
    name="opentelemetry",
    fields={
        "operation": (semconv.OPERATION_NAME,),
        "provider": (semconv.PROVIDER_NAME, "gen_ai.system"),
        "request_model": (semconv.REQUEST_MODEL,),
        "response_model": (semconv.RESPONSE_MODEL,),
        "response_id": (semconv.RESPONSE_ID,),
        "finish_reasons": (semconv.FINISH_REASONS, "gen_ai.response.finish_reason"),
        "prompt_name": (semconv.PROMPT_NAME,),
        "prompt_version": (semconv.PROMPT_VERSION,),
        "conversation_id": (semconv.CONVERSATION_ID,),
        "user_id": ("gen_ai.user",),
        "system_instructions": (semconv.SYSTEM_INSTRUCTIONS,),
        "input_messages": (semconv.INPUT_MESSAGES,),
        "output_messages": (semconv.OUTPUT_MESSAGES,),
        "tool_definitions": (semconv.TOOL_DEFINITIONS,),
        "input_text": (semconv.RETRIEVAL_QUERY, "gen_ai.memory.query.text"),
        "documents": (semconv.RETRIEVAL_DOCUMENTS, "gen_ai.memory.records"),
        "tool_name": (semconv.TOOL_NAME,),
        "tool_call_id": (semconv.TOOL_CALL_ID,),
        "tool_arguments": (semconv.TOOL_CALL_ARGUMENTS,),
        "tool_result": (semconv.TOOL_CALL_RESULT,),
        "input_tokens": (semconv.INPUT_TOKENS, "gen_ai.usage.prompt_tokens"),
        "output_tokens": (semconv.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens"),
        "cache_read_tokens": (semconv.CACHE_READ_TOKENS, "gen_ai.usage.cache_read_input_tokens"),
        "cache_write_tokens": (
            semconv.CACHE_WRITE_TOKENS,
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
        ),
        "reasoning_tokens": (semconv.REASONING_TOKENS, "gen_ai.usage.reasoning_tokens"),
        "cost_usd": ("gen_ai.usage.cost",),
    },
    params={
        "gen_ai.request.max_tokens": "max_tokens",
        "gen_ai.request.temperature": "temperature",
        "gen_ai.request.top_p": "top_p",
        "gen_ai.request.top_k": "top_k",
        "gen_ai.request.stop_sequences": "stop_sequences",
        "gen_ai.request.frequency_penalty": "frequency_penalty",
        "gen_ai.request.presence_penalty": "presence_penalty",
        "gen_ai.request.seed": "seed",
        "gen_ai.request.stream": "stream",
        "gen_ai.is_streaming": "stream",
        "gen_ai.request.choice.count": "choice_count",
        "gen_ai.request.encoding_formats": "encoding_formats",
        "gen_ai.request.reasoning.level": "reasoning_level",
        "gen_ai.output.type": "output_type",
        "gen_ai.retrieval.top_k": "top_k",
    },
    names=r"gen_ai\.(prompt|completion|(input|output)\.messages_ref|system_instructions_ref|tool\.definitions_ref)$|gen_ai\.(prompt\.variable|request|openai\.request|agent|workflow|data_source|memory|tool)\.",
    read=_rest,
)
