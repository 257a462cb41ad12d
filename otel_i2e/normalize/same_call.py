"""What two rows of model calls have in common, what contradicts, and which span stands where."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.models import SpanRow
from otel_i2e.normalize.model_names import may_be_one_model

__all__ = [
    "LOOKED_AT",
    "RAW_REQUEST",
    "Key",
    "Place",
    "at_once",
    "contradict",
    "counts",
    "differ",
    "differ_in_answer",
    "differ_in_input",
    "differ_in_model",
    "ends_early",
    "failed",
    "is_call",
    "is_late",
    "is_of_the_server",
    "is_wire",
    "key_of",
    "on_two_machines",
    "place",
    "surrounds",
]

Key = tuple[str, str]
"""Trace id and span id."""
Place = tuple[int, int, str, str]
"""Orders rows alike, in whichever order they came: the earlier first, then the longer."""

LOOKED_AT: Final = 64
"""Calls that began before and are compared: bounds the work of many calls that are alike."""
RAW_REQUEST: Final = "raw_gen_ai_request"
"""LiteLLM's span of what crossed the wire."""
_NATIVE: Final = "com.anthropic."
_CALLS: Final = ("llm", "embedding")
_SERVER: Final = "com.anthropic.claude-platform"
_LATE: Final = "streaming response from "
_LLAMA_INDEX: Final = ".llama_index"


def key_of(row: SpanRow) -> Key:
    """Identity of a row."""
    return row["trace_id"], row["span_id"]


def place(row: SpanRow) -> Place:
    """Where a row stands among others."""
    return row["start_time"], -row["end_time"], row["trace_id"], row["span_id"]


def is_call(row: SpanRow) -> bool:
    """Whether the span is a call of a model."""
    return row["kind"] in _CALLS


def is_wire(row: SpanRow) -> bool:
    """Whether the span was made where the request left: its ids and counts are the provider's own."""
    return row["name"] == RAW_REQUEST or (row["scope_name"] or "").startswith(_NATIVE)


def is_of_the_server(row: SpanRow) -> bool:
    """Whether the provider made the span, with a clock of its own."""
    return (row["scope_name"] or "").startswith(_SERVER)


def is_late(row: SpanRow) -> bool:
    """Whether the span is the answer of a call that another span began, as Logfire has it of streams."""
    return row["name"].startswith(_LATE) and (row["scope_name"] or "").startswith("logfire")


def ends_early(row: SpanRow) -> bool:
    """Whether the span may have been closed before its request left, as LlamaIndex has it of streams."""
    return "stream" in row["name"] and (row["scope_name"] or "").endswith(_LLAMA_INDEX)


def failed(row: SpanRow) -> bool:
    """Whether the call failed."""
    return row["status"] == "error"


def differ(one: Any, other: Any) -> bool:
    """Whether both are known, and not the same."""
    return bool(one and other and one != other)


def counts(row: SpanRow) -> tuple[int, int] | None:
    """Input and output tokens, no output for an embedding; None when one of them was not counted."""
    given, back = row["input_tokens"], row["output_tokens"]
    if back is None and row["kind"] == "embedding":
        back = 0
    return None if given is None or back is None else (given, back)


def at_once(one: SpanRow, other: SpanRow) -> bool:
    """Whether the times overlap."""
    return one["start_time"] <= other["end_time"] and other["start_time"] <= one["end_time"]


def surrounds(outer: SpanRow, own: SpanRow) -> bool:
    """Whether one lasted from before the other to after it."""
    return outer["start_time"] <= own["start_time"] and own["end_time"] <= outer["end_time"]


def on_two_machines(one: SpanRow, other: SpanRow) -> bool:
    """Whether two services made the spans: their clocks are not one, and times say nothing."""
    return differ(one["service_name"], other["service_name"])


def contradict(one: SpanRow, other: SpanRow) -> bool:
    """Whether two rows cannot be one call: another model was asked, or something else was asked."""
    return differ_in_model(one, other) or differ_in_input(one, other)


def differ_in_model(one: SpanRow, other: SpanRow) -> bool:
    """Whether the models are known and none of one row may be one of the other; else, whether the providers differ."""
    mine, theirs = one["response_model"], other["response_model"]
    if mine and theirs:
        if mine == theirs:
            return False
        if not may_be_one_model(mine, theirs):
            return True
    names = [name for name in (mine, one["request_model"]) if name]
    others = [name for name in (theirs, other["request_model"]) if name]
    if names and others:
        return not any(may_be_one_model(name, another) for name in names for another in others)
    return _differ_in_provider(one, other)


def differ_in_answer(one: SpanRow, other: SpanRow) -> bool:
    """Whether another model answered, or another provider's: what was asked for may be an alias."""
    answered = bool(one["response_model"] and other["response_model"])
    return differ_in_model(one, other) and (answered or _differ_in_provider(one, other))


def _differ_in_provider(one: SpanRow, other: SpanRow) -> bool:
    served, elsewhere = one["provider"], other["provider"]
    return bool(served and elsewhere) and set(served.split(".")).isdisjoint(elsewhere.split("."))


def differ_in_input(one: SpanRow, other: SpanRow) -> bool:
    """Whether both say what was asked, in full, and neither has it in the other: some put more around it."""
    mine, theirs = one["input_text"], other["input_text"]
    if not mine or not theirs or mine == theirs or one["content_state"] != "full" or other["content_state"] != "full":
        return False
    mine, theirs = "".join(mine.split()), "".join(theirs.split())
    return mine not in theirs and theirs not in mine
