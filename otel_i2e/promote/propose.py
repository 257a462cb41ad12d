"""Findings with their traces → proposals: built, redacted, compared with what is there, named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from otel_i2e.errors import QueryError
from otel_i2e.models import Case, CaseContext, Json, Origin, Query, Span, Subject
from otel_i2e.promote.finding import Finding, Outcome, Proposal
from otel_i2e.promote.identity import case_id, input_key
from otel_i2e.promote.redaction import Redactor, redacted
from otel_i2e.promote.task_input import conversation_of, entry_of, first_call, input_of

__all__ = ["build_case", "propose"]

_UNNAMED: Final = "unnamed"
_TEXT_LISTS: Final = ("tags", "scorers")


def propose(
    findings: Iterable[Finding],
    traces: Mapping[str, Sequence[Span]],
    known: Iterable[Case],
    *,
    query: Query | None = None,
    defaults: Mapping[str, Any] | None = None,
    redactors: Sequence[Redactor] = (),
) -> list[Proposal]:
    """One proposal per finding, in order. `known` are the dataset's cases in any state of review.

    `defaults` are case fields; a finding's own fields win over them, and they over the query's header.
    Raises QueryError when such a field is not valid.
    """
    fields = {**(query.defaults if query is not None else {}), **(defaults or {})}
    taken = {case.id: input_key(case.input) for case in known}
    by_key = {key: name for name, key in reversed(list(taken.items()))}
    proposals: list[Proposal] = []
    for finding in findings:
        proposal = _proposal(finding, traces.get(finding.trace_id, ()), fields, query, redactors)
        if proposal.case is not None:
            key = input_key(proposal.case.input)
            if key in by_key:
                proposal = Proposal(finding=finding, outcome=Outcome.DUPLICATE, duplicate_of=by_key[key])
            else:
                name = case_id(proposal.case.input, taken)
                taken[name], by_key[key] = key, name
                proposal = proposal.model_copy(update={"case": proposal.case.model_copy(update={"id": name})})
        proposals.append(proposal)
    return proposals


def build_case(
    span: Span, trace: Sequence[Span], input: str | Json, fields: Mapping[str, Any], query: str | None
) -> Case:
    """The case of a failing span, still unnamed and without anything to check but what `fields` say.

    Raises pydantic's ValidationError when a field is not valid.
    """
    subject = Subject(span=span, trace=_until(span, trace))
    call = span if span.kind == "llm" else _last_call(subject.trace)
    prompt = next((one for one in (span, call) if one is not None and one.prompt_name), None)
    tools = [call.model_dump(include={"name", "arguments", "result"}) for call in subject.tool_calls]
    origin = Origin(
        trace_id=span.trace_id,
        span_id=span.span_id,
        query=query,
        output=span.output_text or _output(entry_of(span, trace)),
        model=call.model if call is not None else span.model,
        prompt_name=prompt.prompt_name if prompt is not None else None,
        prompt_version=prompt.prompt_version if prompt is not None else None,
    )
    context = CaseContext(documents=subject.documents, tools=tools)
    built = {name: _listed(value) if name in _TEXT_LISTS else value for name, value in fields.items()}
    return Case.model_validate({**built, "id": _UNNAMED, "input": input, "context": context, "origin": origin})


def _proposal(
    finding: Finding,
    trace: Sequence[Span],
    fields: Mapping[str, Any],
    query: Query | None,
    redactors: Sequence[Redactor],
) -> Proposal:
    span = _subject_span(finding, trace)
    if span is None:
        return Proposal(finding=finding, outcome=Outcome.NO_TRACE)
    asked = input_of(span, trace)
    if asked is None:
        return Proposal(finding=finding, outcome=Outcome.NO_INPUT, note=f"content is {span.content_state}")
    metadata = {**fields.get("metadata", {}), **_metadata(finding, span, trace, asked)}
    given = {**fields, **finding.fields, **({"metadata": metadata} if metadata else {})}
    source = f"{query.name}@{query.hash}" if query is not None else None
    try:
        case = build_case(span, trace, asked, given, source)
    except ValidationError as error:
        first = error.errors()[0]
        place = query.path if query is not None else "promotion"
        at = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"{place}: {at} = {first['input']!r} is not valid in a case: {first['msg']}") from None
    cut = "content was cut when it was recorded: complete it" if span.content_state == "truncated" else None
    return Proposal(finding=finding, outcome=Outcome.PROPOSED, case=redacted(case, redactors), note=cut)


def _subject_span(finding: Finding, trace: Sequence[Span]) -> Span | None:
    """The span that failed; for a finding about a whole trace its entry, or else its last model call."""
    if finding.span_id is not None:
        return next((span for span in trace if span.span_id == finding.span_id), None)
    entries = (entry for span in trace if (entry := entry_of(span, trace)) is not None)
    return next(entries, None) or _last_call(trace) or next(iter(trace), None)


def _until(span: Span, trace: Sequence[Span]) -> tuple[Span, ...]:
    """The trace as far as it had come when the span ended, with all below it: a later turn is not what it had."""
    if span.start_time is None or span.duration_ms is None:
        return tuple(trace)
    end = span.start_time + timedelta(milliseconds=span.duration_ms)
    below = {span.span_id}
    kept: list[Span] = []
    for one in trace:
        if one.parent_span_id in below:
            below.add(one.span_id)
        if one.span_id in below or one.start_time is None or one.start_time <= end:
            kept.append(one)
    return tuple(kept)


def _last_call(trace: Sequence[Span]) -> Span | None:
    calls = [span for span in trace if span.kind == "llm" and span.duplicate_of is None]
    return calls[-1] if calls else None


def _metadata(finding: Finding, span: Span, trace: Sequence[Span], input: str | Json) -> Json:
    """What the query computed, and the turns before the question when the application's entry did not take them."""
    kept: Json = {"found": finding.found} if finding.found else {}
    call = span if span.input_messages else first_call(trace)
    turns = conversation_of(call.input_messages) if call is not None else []
    if len(turns) > 1 and not (isinstance(input, dict) and "messages" in input):
        kept["messages"] = turns
    return kept


def _output(span: Span | None) -> str | None:
    return span.output_text if span is not None else None


def _listed(value: Any) -> Any:
    """A header writes a list as `a, b`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
