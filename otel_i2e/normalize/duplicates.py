"""Several spans for one model call: which repeats which.

It happens when an SDK traces itself and an instrumentation traces it too, in the same trace or beside it;
when a wrapper and what it wraps both call themselves a model call; when the answer of a stream is sent as
a span of its own. Naive sums over such spans count every token twice.

    in a trace      one response id, or one span directly in the other and nothing that contradicts
    across traces   one response id at one time, from two libraries: a recorded answer that is replayed stays two
                    calls; or the SDK's own span, alone in its trace, inside of another in time with its usage or
                    its failure, one to one; so too beside another under one parent
    side by side    different calls, however alike: parallel calls at temperature 0 have one answer and one usage
    a late answer   Logfire's span of a finished stream: the latest call before it with the same input
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.duplicates_apart import joined_across, with_answers
from otel_i2e.normalize.same_call import RAW_REQUEST, Group, Key, at_once, counts, differ, is_late, is_wire, key_of

__all__ = ["MATCHED_BY", "RICHNESS", "duplicate_links"]


MATCHED_BY: Final = (
    *("trace_id", "span_id", "parent_span_id", "name", "kind", "start_time", "end_time", "status", "service_name"),
    *("scope_name", "request_model", "response_model", "response_id", "prompt_hash", "input_text"),
    *("input_tokens", "output_tokens"),
)
"""Columns whose values are compared."""
RICHNESS: Final = (
    *("input_messages", "output_messages", "system_instructions", "tool_definitions", "finish_reasons"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("prompt_name", "conversation_id", "status_message"),
)
"""Columns of which it matters whether they are filled."""
_FILLED: Final = (*RICHNESS, "response_id", "response_model", "input_tokens", "output_tokens")
_CALLS: Final = ("llm", "embedding")


def duplicate_links(rows: Iterable[SpanRow]) -> dict[Key, Key]:
    """Key of each row that repeats another → key of the row to keep.

    Of a group that is one call the richest is kept, the outermost of equals, and all others point to it. Rows
    need not be one batch: with stored rows among them, links reach those too. Rows need the columns
    MATCHED_BY and RICHNESS.
    """
    calls = {key_of(row): row for row in reversed([row for row in rows if row["kind"] in _CALLS])}
    if len(calls) < 2:
        return {}
    traces: defaultdict[str, list[SpanRow]] = defaultdict(list)
    for row in reversed(calls.values()):
        traces[row["trace_id"]].append(row)
    wrappers: list[tuple[SpanRow, SpanRow]] = []
    groups = [group for trace in traces.values() for group in _in_trace(trace, wrappers)]
    if len(groups) > 1:
        groups = joined_across(groups)
    links: dict[Key, Key] = {}
    for group in with_answers(groups):
        kept = group[0] if len(group) == 1 else min(group, key=_poorness)
        links |= {key_of(row): key_of(kept) for row in group if row is not kept}
    for wrapper, last in wrappers:
        outer, inner = (_kept(links, key_of(row)) for row in (wrapper, last))
        if outer != inner:
            links[outer] = inner
    return {key: _kept(links, key) for key in links}


def _kept(links: Mapping[Key, Key], key: Key) -> Key:
    while key in links:
        key = links[key]
    return key


def _in_trace(calls: Sequence[SpanRow], wrappers: list[tuple[SpanRow, SpanRow]]) -> list[Group]:
    """Calls of one trace, those that are the same call together; puts wrappers of several calls into `wrappers`."""
    if len(calls) == 1:
        return [[calls[0]]]
    calls = sorted(calls, key=lambda row: (row["start_time"], row["span_id"]))
    group_of = {row["span_id"]: [row] for row in calls}
    for one, other in (*_answered_alike(calls), *_nested(calls, wrappers)):
        mine, theirs = group_of[one["span_id"]], group_of[other["span_id"]]
        if mine is not theirs:
            mine.extend(theirs)
            for row in theirs:
                group_of[row["span_id"]] = mine
    return list({id(group): group for group in group_of.values()}.values())


def _answered_alike(calls: Sequence[SpanRow]) -> Iterator[tuple[SpanRow, SpanRow]]:
    by_response: defaultdict[str, list[SpanRow]] = defaultdict(list)
    for row in calls:
        if row["response_id"]:
            by_response[row["response_id"]].append(row)
    for answers in by_response.values():
        answers.sort(key=lambda row: row["start_time"])
        for earlier, later in pairwise(answers):
            if not differ(earlier["response_model"], later["response_model"]) and at_once(earlier, later):
                yield earlier, later


def _nested(calls: Sequence[SpanRow], wrappers: list[tuple[SpanRow, SpanRow]]) -> Iterator[tuple[SpanRow, SpanRow]]:
    by_span = {row["span_id"]: row for row in calls}
    inside: defaultdict[str, list[SpanRow]] = defaultdict(list)
    for row in calls:
        parent = by_span.get(row["parent_span_id"] or "")
        if parent is not None and parent is not row and at_once(parent, row):
            inside[parent["span_id"]].append(row)
    for span_id, children in inside.items():
        parent = by_span[span_id]
        same = [child for child in children if _is_same(parent, child, alone=len(children) == 1)]
        if len(same) == 1:
            yield parent, same[0]
        elif not same and len(children) > 1 and _wraps(parent, children):
            wrappers.append((parent, max(children, key=lambda row: (row["end_time"], row["span_id"]))))


def _is_same(parent: SpanRow, child: SpanRow, *, alone: bool) -> bool:
    """Nothing contradicts; an only child needs no more, others must have the parent's counts.

    A call that failed inside of one that did not was tried again.
    """
    if child["name"] == RAW_REQUEST:
        return True
    if differ(parent["response_id"], child["response_id"]):
        return False
    if child["status"] == "error" and parent["status"] != "error":
        return False
    mine, theirs = counts(parent), counts(child)
    if mine is None or theirs is None:
        return alone
    return mine == theirs


def _wraps(parent: SpanRow, children: Sequence[SpanRow]) -> bool:
    """Whether a span counts nothing of its own: nothing at all, or the sum of the calls inside."""
    mine = counts(parent)
    counted = [told for child in children if (told := counts(child)) is not None]
    return mine is None or mine == (sum(one[0] for one in counted), sum(one[1] for one in counted))


def _poorness(row: SpanRow) -> tuple[bool, int, int, int, str]:
    """Orders the row to keep first: the call before its late answer, the most columns filled, the outermost.

    A span of the provider's SDK that stands at the root of a trace of its own comes last as well: the
    application is in the other trace.
    """
    aside = is_late(row) or (is_wire(row) and row["parent_span_id"] is None)
    filled = sum(row[name] is not None for name in _FILLED)
    return aside, -filled, row["start_time"], -row["end_time"], row["span_id"]
