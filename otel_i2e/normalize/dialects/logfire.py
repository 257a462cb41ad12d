"""Logfire's spans of model calls (scopes `logfire.*`), read in `logfire` 5.2 and seen on the wire.

Version 2 speaks the OpenTelemetry names; version 1 has the whole request in `request_data`, the answer in
`response_data`, or both in `events`. The provider's usage object is the only place with cache counts. The
answer of a stream is a span of its own: see `duplicates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e.normalize.cut_json import left_of
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.dialects.opentelemetry_events import said_in
from otel_i2e.normalize.logfire_agents import AGENTS_SCOPE, agents_in
from otel_i2e.normalize.messages import cut_off, messages
from otel_i2e.normalize.payloads import asked, is_request, params
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.normalize.readers import text
from otel_i2e.normalize.usage import usage

__all__ = ["LOGFIRE"]


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    sent = raw.attributes
    facts: Facts = {name: value for name, value in usage(sent.get("gen_ai.usage.raw")).items() if value is not None}
    said = said_in(sent["events"]) if "events" in sent else {}
    if raw.scope_name == AGENTS_SCOPE:
        facts |= agents_in(raw, said)
    else:
        if "request_data" in sent:
            facts |= _request(sent["request_data"])
        if "response_data" in sent:
            facts |= _response(sent["response_data"])
        facts |= said
    if sent.get("logfire.span_type") == "pending_span":  # announces a span that has not ended
        facts["kind"] = "other"
    return facts


def _request(value: Any) -> Facts:
    given, cut = left_of(value)
    if not is_object(given):
        return {}
    if not is_request(given) and not cut:  # beside pydantic-ai it has the model alone
        return {"request_params": params(given)}
    facts = {name: found for name, found in asked(given).items() if name != "request_model"}
    return {**facts, "input_messages": cut_off(facts["input_messages"], cut)}


def _response(value: Any) -> Facts:
    """A message; or the text of a stream, put together."""
    given, cut = left_of(value)
    sent: Json = given if is_object(given) else {}
    said: Any = sent.get("message") or sent.get("combined_chunk_content")
    answer = messages([said] if is_object(said) else text(said), "assistant")
    return {"output_messages": cut_off(answer, cut), **({} if cut else usage(sent.get("usage")))}


LOGFIRE: Final = Dialect(
    name="logfire",
    scopes=("logfire",),
    names=r"logfire\.(msg|span_type|json_schema)|(request_data|response_data)$",
    read=_read,
)
