"""Several spans for one model call: which repeats which.

It happens when an SDK traces itself and instrumentations trace it too, in the same trace or beside it;
when a wrapper and what it wraps both call themselves a model call; when the answer of a stream is sent as
a span of its own. Naive sums over such spans count every token twice.

    one answer      the response id is the same, at one time: a recorded answer that comes again is a call of its own
    one in another  the usage is the same, or it is the only one inside, and nothing contradicts
    side by side    two libraries: one time, service, usage and outcome, and nothing contradicts; each call once
    a wrapper       its usage is the sum of the calls inside, or it has none: it repeats the last of them
    an early end    LlamaIndex's span of a stream: the next call of another library beside it with the same input
    a late answer   Logfire's span of a finished stream: the latest call before it with the same input

Rows that are the same in all this, of one library, are different calls: parallel calls at temperature 0 have one
answer and one usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from otel_i2e.models import SpanRow
from otel_i2e.normalize.calls_around import calls_around, traces_of
from otel_i2e.normalize.duplicate_groups import Calls, Group
from otel_i2e.normalize.duplicates_beside import counted_alike, join_beside, uncounted
from otel_i2e.normalize.duplicates_early import join_early
from otel_i2e.normalize.duplicates_late import join_late
from otel_i2e.normalize.duplicates_named import answered_alike, join_across, join_answers
from otel_i2e.normalize.duplicates_nested import join_nested
from otel_i2e.normalize.same_call import Key, ends_early, is_call, is_late, is_of_the_server, is_wire, key_of

__all__ = ["MATCHED_BY", "RICHNESS", "Linked", "duplicate_links", "linked_calls"]


MATCHED_BY: Final = (
    *("trace_id", "span_id", "parent_span_id", "name", "kind", "start_time", "end_time", "status", "service_name"),
    *("scope_name", "provider", "request_model", "response_model", "response_id", "prompt_hash", "input_text"),
    *("content_state", "input_tokens", "output_tokens"),
)
"""Columns whose values are compared."""
RICHNESS: Final = (
    *("input_messages", "output_messages", "system_instructions", "tool_definitions", "finish_reasons"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("prompt_name", "conversation_id", "status_message"),
)
"""Columns of which it matters whether they are filled."""
_filled: Final = itemgetter(*RICHNESS, "response_id", "response_model", "input_tokens", "output_tokens")


class Linked(NamedTuple):
    """Which rows are which call."""

    links: dict[Key, Key]
    """Key of each row that repeats another → key of the row to keep."""
    wrappers: set[Key]
    """Those of these rows that are around several calls: what they say is not of the call that they repeat alone."""


def duplicate_links(rows: Iterable[SpanRow]) -> dict[Key, Key]:
    """The links of `linked_calls` alone."""
    return linked_calls(rows).links


def linked_calls(rows: Iterable[SpanRow]) -> Linked:
    """Which of the rows repeat which.

    Of a group that is one call the richest is kept, the outermost of equals, and all others point to it. Rows
    need not be one batch: with stored rows among them, links reach those too. Rows of calls need the columns
    MATCHED_BY and RICHNESS; those of other spans, which may lie between calls, only their ids and kind.
    """
    sent = {key_of(row): row for row in reversed(list(rows))}
    found = [row for row in sent.values() if is_call(row)]
    answers, traces, alike = answered_alike(found), traces_of(found), counted_alike(found)
    if not answers and not traces and not alike and not any(map(is_late, found)):
        return Linked({}, set())  # as it is almost always
    calls = Calls(found)
    nested = [row for trace in traces.values() for row in trace]
    around = calls_around(traces.values(), {key: row for key, row in sent.items() if not is_call(row)}).call
    for same in answers:
        join_answers(calls, same, around)
    wrappers = join_nested(calls, nested, around)
    for same in answers:
        join_across(calls, same)
    join_beside(calls, (*alike, *uncounted(nested)))
    join_early(calls, nested)
    join_late(calls, found)
    links = _links(calls.groups())
    around_several: set[Key] = set()
    for wrapper, last in wrappers:
        outer, inner = (_kept(links, key_of(row)) for row in (wrapper, last))
        if outer != inner:
            links[outer] = inner
            around_several |= {key_of(row) for row in calls.of(wrapper).rows}
    return Linked({key: _kept(links, key) for key in links}, around_several)


def _links(groups: Iterable[Group]) -> dict[Key, Key]:
    links: dict[Key, Key] = {}
    for group in groups:
        if len(group.rows) > 1:
            aside = _traces_aside(group.rows)
            kept = min(group.rows, key=lambda row: (row["trace_id"] in aside, *_poorness(row)))
            links |= {key_of(row): key_of(kept) for row in group.rows if row is not kept}
    return links


def _kept(links: Mapping[Key, Key], key: Key) -> Key:
    while key in links:
        key = links[key]
    return key


def _traces_aside(group: Sequence[SpanRow]) -> set[str]:
    """Traces in which a call that the application's trace has as well stands alone."""
    alone = {row["trace_id"] for row in group if row["parent_span_id"] is None}
    return alone if any(row["trace_id"] not in alone for row in group) else set()


def _poorness(row: SpanRow) -> tuple[bool, bool, int, int, int, str]:
    """Orders the row to keep first: the call before its late answer and before a span that was closed too early,
    content before what stands in its place, the most columns filled, the outermost.

    A span of the provider's SDK that stands at the root of a trace of its own comes last as well: the
    application is in the other trace. So does a span of the provider's machine.
    """
    aside = is_late(row) or ends_early(row) or is_of_the_server(row) or (is_wire(row) and row["parent_span_id"] is None)
    empty = _filled(row).count(None)
    return aside, row["content_state"] == "redacted", empty, row["start_time"], -row["end_time"], row["span_id"]
