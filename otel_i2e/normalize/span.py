"""RawSpan → the row that is stored: candidates first, then a list of small steps in order.

Everything that was sent stays in `attributes`, `events` and `links`, whatever a step makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import dropwhile, takewhile
from typing import Final

from otel_i2e import semconv
from otel_i2e.models import SPAN_COLUMNS, SpanRow, last_text, text_of
from otel_i2e.models.json_text import SORTED, dumps, loads
from otel_i2e.normalize.candidates import gather
from otel_i2e.normalize.kinds import OPERATION_KINDS
from otel_i2e.normalize.messages import Content, content, messages
from otel_i2e.normalize.offloaded import put_offloaded
from otel_i2e.normalize.outcome import put_outcome
from otel_i2e.normalize.parts import parse_arguments
from otel_i2e.normalize.prices import list_price
from otel_i2e.normalize.providers import provider_of
from otel_i2e.normalize.raw import Json, RawLog, RawSpan
from otel_i2e.normalize.readers import count, text, tool_result
from otel_i2e.normalize.richness import PLACEHOLDERS
from otel_i2e.normalize.stored import events_text

__all__ = ["STEPS", "normalize_span"]

_WRITTEN_1H: Final = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"
"""Tokens that were written to the cache for an hour, among `cache_write_tokens`: Anthropic's SDK tells them apart."""
_COMPACTED_INPUT: Final = "anthropic.usage.compaction.input_tokens"
_COMPACTED_OUTPUT: Final = "anthropic.usage.compaction.output_tokens"
"""The usage beside them leaves these out, as the API does."""
_EMPTY: Final[SpanRow] = {
    **dict.fromkeys(SPAN_COLUMNS),
    "status": "ok",
    "content_state": "missing",
}
_JSON_CONTENT: Final = (
    "system_instructions",
    "input_messages",
    "output_messages",
    "tool_definitions",
    "tool_arguments",
    "tool_result",
)
_JSON_PLAIN: Final = ("request_params", "prompt_variables", "documents")
_OPENS: Final = ('{"', '[{"', '["')
_CLOSES: Final = ("}", "]")
_TRUNCATED: Final = (semconv.I2E_CONTENT_TRUNCATED, "anthropic.content.truncated")
_CALLS: Final = ("llm", "embedding")
_SHOWS_CONTENT: Final = (
    "input_messages",
    "output_messages",
    "input_text",
    "output_text",
    "documents",
    "tool_arguments",
    "tool_result",
)
_REMEMBERED_SIZE: Final = 100_000


def normalize_span(raw: RawSpan, logs: Sequence[RawLog] = ()) -> SpanRow:
    """The row of `raw`; `logs` are the log records that were emitted in it. Never raises, drops nothing.

    The log records stand among the row's events.

    `duplicate_of` and `ingested_at` are left to whoever sees the whole batch.
    """
    row = {**_EMPTY, **gather(raw, logs)}
    for step in STEPS:
        step(row, raw)
    if logs:
        row["events"] = events_text(raw.events, logs)
        if row["content_state"] == "full" and any(semconv.I2E_CONTENT_TRUNCATED in log.attributes for log in logs):
            row["content_state"] = "truncated"
    return row


def _put_identity(row: SpanRow, raw: RawSpan) -> None:
    row["trace_id"] = raw.trace_id
    row["span_id"] = raw.span_id
    row["parent_span_id"] = raw.parent_span_id if raw.parent_span_id.strip("0") else None
    row["name"] = raw.name
    row["scope_name"] = raw.scope_name or None


def _put_times(row: SpanRow, raw: RawSpan) -> None:
    """Microseconds. One time that is not known is the other; with neither the span stands at the epoch.

    A clock that ran backwards, or was not read, gives no duration: it was not measured.
    """
    start, end = raw.start_ns or raw.end_ns, raw.end_ns or raw.start_ns
    row["start_time"] = start // 1000
    row["end_time"] = end // 1000
    if raw.start_ns and raw.end_ns >= raw.start_ns:
        row["duration_ms"] = (end - start) / 1e6


def _put_origin(row: SpanRow, raw: RawSpan) -> None:
    """What the resource says; where it says nothing, a dialect may have told on the span."""
    row.update(_of_resource(raw.resource))


def _put_kind(row: SpanRow, _raw: RawSpan) -> None:
    """What the emitter says; else what its operation is; else an answer or its tokens show a model call."""
    if row["kind"] is None:
        if row["operation"] is not None:
            row["kind"] = OPERATION_KINDS.get(row["operation"], "other")
        else:
            answered = row["output_messages"] is not None or row["output_tokens"] is not None
            row["kind"] = "llm" if answered else "other"
    if row["provider"] is not None:
        row["provider"] = provider_of(row["provider"])


def _put_usage(row: SpanRow, raw: RawSpan) -> None:
    """Input counts what came from the cache and went there. Less input than that was counted without it."""
    sent = row["input_tokens"]
    cached = (row["cache_read_tokens"] or 0) + (row["cache_write_tokens"] or 0)
    if sent is not None and sent < cached:
        row["input_tokens"] = sent = sent + cached
    if row["cost_usd"] is None and row["kind"] in _CALLS and sent is not None:
        row["cost_usd"] = list_price(
            row["provider"],
            row["response_model"] or row["request_model"],
            input_tokens=sent,
            output_tokens=row["output_tokens"] or 0,
            cache_read_tokens=row["cache_read_tokens"] or 0,
            cache_write_tokens=row["cache_write_tokens"] or 0,
            cache_write_1h_tokens=count(raw.attributes.get(_WRITTEN_1H)) or 0,
            at=raw.start_ns // 1_000_000_000,
        )
    if _COMPACTED_INPUT in raw.attributes:
        _add_compactions(row, raw)


def _add_compactions(row: SpanRow, raw: RawSpan) -> None:
    """Before the answer the model summed up what had been said: requests of their own, and billed with it."""
    given, back = (count(raw.attributes.get(name)) or 0 for name in (_COMPACTED_INPUT, _COMPACTED_OUTPUT))
    model = row["response_model"] or row["request_model"]
    dollars = list_price(
        row["provider"], model, input_tokens=given, output_tokens=back, at=raw.start_ns // 1_000_000_000
    )
    row["input_tokens"] = (row["input_tokens"] or 0) + given
    row["output_tokens"] = (row["output_tokens"] or 0) + back
    if row["cost_usd"] is not None and dollars is not None:
        row["cost_usd"] = round(row["cost_usd"] + dollars, 10)


def _put_messages(row: SpanRow, _raw: RawSpan) -> None:
    """Messages of a call that sent only its raw input and output; instructions that came as first messages."""
    if row["kind"] == "llm":
        if row["input_messages"] is None:
            row["input_messages"] = messages(row["input_text"])
        if row["output_messages"] is None:
            row["output_messages"] = messages(row["output_text"], "assistant")
    said: Content | None = row["input_messages"]
    if said is not None and said.value and _instructs(said.value[0]):
        _lift_instructions(row, said)


def _lift_instructions(row: SpanRow, said: Content) -> None:
    spoken: list[Json] = said.value
    kept = list(dropwhile(_instructs, spoken))
    told = [part for message in takewhile(_instructs, spoken) for part in message["parts"]]
    row["system_instructions"] = _told_all(row["system_instructions"], told)
    row["input_messages"] = Content(kept, None, said.cut) if kept else None
    if said.cut and not kept:
        row["system_instructions"] = row["system_instructions"]._replace(cut=True)


def _told_all(apart: Content | None, told: list[Json]) -> Content:
    """Instructions that came by themselves, then those of the first messages; what both say stands once."""
    if apart is None:
        return Content(told)
    said_apart = _saying(apart.value)
    more = [part for part in told if not said_apart(part)]
    if not more:
        return apart
    said_later = _saying(more)
    return Content([*(part for part in apart.value if not said_later(part)), *more], None, apart.cut)


def _saying(parts: list[Json]) -> Callable[[Json], bool]:
    """Whether a part stands among `parts`, or its lines among theirs, however they are divided."""
    lines = {line.strip() for part in parts for line in (_words(part) or "").splitlines()}
    others = {dumps(part, SORTED) for part in parts if _words(part) is None}

    def says(part: Json) -> bool:
        if (words := _words(part)) is None:
            return dumps(part, SORTED) in others
        return bool(words.strip()) and all(line.strip() in lines for line in words.strip().splitlines())

    return says


def _words(part: Json) -> str | None:
    """The text of a part that is text."""
    words = part.get("content")
    return words if part.get("type") == "text" and isinstance(words, str) else None


def _instructs(message: Json) -> bool:
    return message.get("role") in ("system", "developer")


def _put_tool(row: SpanRow, raw: RawSpan) -> None:
    """A tool run that sent its arguments and result as input and output only; a result that says it is JSON."""
    if row["kind"] == "tool":
        if row["tool_arguments"] is None:
            row["tool_arguments"] = content(row["input_text"])
        if row["tool_result"] is None:
            row["tool_result"] = tool_result(row["output_text"])
        given: Content | None = row["tool_result"]
        if given and isinstance(given.value, str) and raw.attributes.get(semconv.OUTPUT_MIME_TYPE) == semconv.MIME_JSON:
            row["tool_result"] = Content(parse_arguments(given.value))


def _put_texts(row: SpanRow, _raw: RawSpan) -> None:
    """What a person said and what was answered, as text. A model call's come from its messages only."""
    said: Content | None = row["input_messages"]
    answered: Content | None = row["output_messages"]
    is_call = row["kind"] == "llm"
    if said is not None and ((found := last_text(said.value)) is not None or is_call):
        row["input_text"] = found
    if answered is not None:
        if (found := text_of(answered.value[:1])) is not None or is_call:
            row["output_text"] = found
        if row["finish_reasons"] is None:
            reasons = [str(message["finish_reason"]) for message in answered.value if message.get("finish_reason")]
            row["finish_reasons"] = reasons or None


def _put_content_state(row: SpanRow, raw: RawSpan) -> None:
    if row["input_text"] in PLACEHOLDERS or row["output_text"] in PLACEHOLDERS or _is_redacted_run(row):
        row["content_state"] = "redacted"
    elif _is_cut(row, raw):
        row["content_state"] = "truncated"
    else:
        for name in _SHOWS_CONTENT:
            if row[name] is not None:
                row["content_state"] = "full"
                return


def _is_redacted_run(row: SpanRow) -> bool:
    if row["kind"] != "tool":
        return False
    given, back = row["tool_arguments"], row["tool_result"]
    return any(content is not None and content.value in PLACEHOLDERS for content in (given, back))


def _is_cut(row: SpanRow, raw: RawSpan) -> bool:
    if not raw.attributes.keys().isdisjoint(_TRUNCATED) and any(map(raw.attributes.get, _TRUNCATED)):
        return True
    said, answered, told = row["input_messages"], row["output_messages"], row["system_instructions"]
    if (said is not None and said.cut) or (answered is not None and answered.cut):
        return True
    if row["documents"] is not None and any(map(_is_open, raw.attributes.values())):
        return True
    return told is not None and told.cut


def _is_open(value: object) -> bool:
    """Whether text begins like JSON and does not end like it."""
    return isinstance(value, str) and value.startswith(_OPENS) and not value.rstrip().endswith(_CLOSES)


def _put_prompt_hash(row: SpanRow, _raw: RawSpan) -> None:
    told: Content | None = row["system_instructions"]
    tools: Content | None = row["tool_definitions"]
    if row["kind"] != "tool" and (told is not None or tools is not None):
        row["prompt_hash"] = _hash_of(told.json() if told else "", tools.json() if tools else "")


def _put_json(row: SpanRow, raw: RawSpan) -> None:
    for name in _JSON_CONTENT:
        if (value := row[name]) is not None:
            row[name] = value.text or value.json()
    for name in _JSON_PLAIN:
        if (value := row[name]) is not None:
            row[name] = dumps(value)
    row["attributes"] = raw.attributes
    if raw.events:
        row["events"] = events_text(raw.events)
    if raw.links:
        row["links"] = dumps([link._asdict() for link in raw.links])


STEPS: Final[tuple[Callable[[SpanRow, RawSpan], None], ...]] = (
    _put_identity,
    _put_times,
    _put_origin,
    put_outcome,
    _put_kind,
    _put_usage,
    _put_messages,
    _put_tool,
    _put_texts,
    _put_content_state,
    _put_prompt_hash,
    put_offloaded,
    _put_json,
)
"""Each fills some columns of the row, from the row so far and the span as sent."""

_last_resource: list[tuple[Json, SpanRow]] = [({}, {})]


def _of_resource(resource: Json) -> SpanRow:
    """Columns of a resource. The spans of one resource follow one another and share its object."""
    last, columns = _last_resource[0]
    if last is not resource or not columns:
        columns = {
            "service_name": text(resource.get(semconv.SERVICE_NAME)),
            "service_version": text(resource.get(semconv.SERVICE_VERSION)),
            "environment": text(resource.get(semconv.DEPLOYMENT_ENVIRONMENT) or resource.get("deployment.environment")),
            "resource": dumps(resource),
        }
        columns = {name: value for name, value in columns.items() if value is not None}
        _last_resource[0] = (resource, columns)
    return columns


def _hash_of(instructions: str, tools: str) -> str:
    small = len(instructions) + len(tools) <= _REMEMBERED_SIZE
    return (_remembered_hash if small else _hash)(instructions, tools)


def _hash(instructions: str, tools: str) -> str:
    """16 hex digits of SHA-256 over what the model is told, however the JSON of it was spaced and ordered."""
    told = [part.get("content", part) for part in loads(instructions or "[]")]
    offered = [[tool.get(name) for name in ("name", "description", "parameters")] for tool in loads(tools or "[]")]
    return sha256(dumps([told, offered], SORTED).encode()).hexdigest()[:16]


_remembered_hash: Final = lru_cache(maxsize=128)(_hash)
