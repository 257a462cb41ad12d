"""Filling, for a few traces at a time: rows with what others say of the same call, as the view `llm_calls` has them.

The view groups every row that repeats one, in all of the store: it is asked for much, not for some traces. A call that
names no conversation or user has the trace's there, and not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["FILLED", "FIRST_FROM_THE_WIRE", "told_by_all"]

Row = dict[str, Any]
Key = tuple[str, str]

FIRST_FROM_THE_WIRE: Final = (
    *("response_model", "response_id", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("reasoning_tokens", "cost_usd"),
)
"""What a row that was made where the request left knows best (migration 0014)."""
FILLED: Final = (
    *("operation", "status_message", "error_type", "error_code", "provider", "request_model", "request_params"),
    *("finish_reasons", "prompt_name", "prompt_version", "prompt_variables", "prompt_hash", "conversation_id"),
    *("user_id", "system_instructions", "input_messages", "output_messages", "tool_definitions", "input_text"),
    *("output_text", "documents", "experiment_id", "case_id", "repeat"),
)
"""What the kept row takes from those that repeat it where it has nothing (migration 0014)."""


def told_by_all(rows: Sequence[Row], repeats: Iterable[Row], merged: Iterable[Row]) -> Iterator[Row]:
    """`rows` as they are, but those that others repeat with what these know: `repeats` are all rows that do, of other
    traces too, `merged` rows of the table `merged_calls`.
    """
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in sorted(repeats, key=lambda row: str(row["span_id"])):
        if row["kind"] == "llm" and row["duplicate_of"] is not None:
            groups[row["duplicate_trace_id"] or row["trace_id"], row["duplicate_of"]].append(row)
    together = {(row["trace_id"], row["span_id"]): row for row in merged}
    for row in rows:
        key = row["trace_id"], row["span_id"]
        told = groups.get(key) if row["kind"] == "llm" and row["duplicate_of"] is None else None
        yield row if told is None else {**row, **_known(row, told), **_told(together.get(key, {}))}


def _known(row: Row, repeats: Sequence[Row]) -> Row:
    """What the provider said of its answer comes first from the span that was made where the request left."""
    wire = [one for one in repeats if _is_wire(one)]
    known = {name: _first(name, [row, *repeats]) for name in FILLED}
    known |= {name: _first(name, [*wire, row, *repeats]) for name in FIRST_FROM_THE_WIRE}
    states = [one["content_state"] for one in (row, *repeats) if one["content_state"] not in (None, "missing")]
    if row["content_state"] == "missing" and states:
        known["content_state"] = states[0]
    failed = any(one["status"] == "error" for one in repeats)
    return {**known, "status": "error" if failed else row["status"]}


def _first(name: str, rows: Iterable[Row]) -> Any:
    return next((value for row in rows if (value := row[name]) is not None), None)


def _is_wire(row: Row) -> bool:
    return str(row["scope_name"] or "").startswith("com.anthropic.") or row["name"] == "raw_gen_ai_request"


def _told(merged: Mapping[str, Any]) -> Row:
    return {name: value for name, value in merged.items() if value is not None}
