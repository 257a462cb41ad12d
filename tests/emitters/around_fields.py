"""The fields that stand around model calls: who asked, which prompt, what was retrieved, which tools ran."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import facts
from evidence import Sent, SentSpan, decoded
from fields import inside
from reading import Reading
from truth import Call

__all__ = ["Around", "around"]

_NONE: dict[str, Any] = {}
_TOOL_KEY = re.compile(
    r"^(?!.*(?:message|prompt|completion|definitions)).*(?:tool[._]?name|toolCall\.name|entity\.name)$"
)


class Around(NamedTuple):
    """One value of such a field."""

    field: str
    sent: bool
    heard: bool
    near: bool = False
    """Whether it stands on the row of a wrapper, and not of the call."""

    @property
    def outcome(self) -> str:
        """As `compare.Judged` has it."""
        return "lost" if not self.sent else "heard" if self.heard else "near" if self.near else "missed"


def around(scenario: str, sent: Sent, calls: list[Call], reading: Reading) -> Iterator[Around]:
    """All values of a scenario."""
    if scenario == "conversation":
        yield from _identities(sent, reading)
    if scenario == "retrieval":
        yield from _documents(sent, reading)
    if scenario in ("tools", "stream_tools", "responses", "tool_runner"):
        yield from _tool_runs(sent, calls, reading)


def _identities(sent: Sent, reading: Reading) -> Iterator[Around]:
    def told(field: str, column: str, value: str, *, sent: bool) -> Around:
        heard, near = (any(str(row[column]) == value for row in rows) for rows in (reading.calls, reading.rows))
        return Around(field, sent, heard, near)

    yield told("conversation", "conversation_id", facts.CONVERSATION, sent=facts.CONVERSATION in sent.exact)
    yield told("user", "user_id", facts.USER, sent=facts.USER in sent.exact)
    if "grounded" in sent.exact:
        heard = any(
            (score.name, score.value, score.label) == ("grounded", 0.8125, "mostly") for score in reading.scores
        )
        yield Around("evaluation", sent=True, heard=heard)
    yield told("prompt_name", "prompt_name", facts.PROMPT_NAME, sent=facts.PROMPT_NAME in sent.exact)
    version = str(facts.PROMPT_VERSION)
    versions = {str(value) for name, value in sent.pairs if name.endswith(("version", "Version"))}
    yield told("prompt_version", "prompt_version", version, sent=version in versions)
    carriers = [one for one in sent.all if any("variable" in name for name, _ in one.fields)]
    variables = {value for one in carriers for value in one.values if isinstance(value, str)}
    filled: list[dict[str, Any]] = [row["prompt_variables"] or {} for row in reading.calls]
    for name, value in facts.PROMPT_VARIABLES.items():
        heard = any(value == given.get(name) for given in filled)
        yield Around("prompt_variables", value in variables, heard)


def _documents(sent: Sent, reading: Reading) -> Iterator[Around]:
    rows = [row for row in reading.rows if row["documents"]]
    found: list[dict[str, Any]] = [document for row in rows for document in row["documents"]]
    carriers = [
        one for one in sent.all if facts.DOCUMENTS[0]["content"] in one.values or facts.DOCUMENTS[0]["id"] in one.values
    ]
    values = [value for one in carriers for value in one.values]
    query = any(facts.RETRIEVAL_QUERY in str(row["input_text"]) for row in rows)
    yield Around("retrieval_query", facts.RETRIEVAL_QUERY in sent.exact, query)
    for number, truth in enumerate(facts.DOCUMENTS):
        mine = [one for one in found if one.get("content") == truth["content"] or str(one.get("id")) == truth["id"]]
        one = (mine or found[number : number + 1] or [_NONE])[0]
        kept: dict[str, Any] = one.get("metadata") or {}
        yield Around("document_id", truth["id"] in values, str(one.get("id")) == truth["id"])
        yield Around("document_text", truth["content"] in values, one.get("content") == truth["content"])
        yield Around("document_score", _has_number(values, truth["score"]), one.get("score") == truth["score"])
        metadata = truth["metadata"]["section"]
        yield Around("document_metadata", metadata in values, kept.get("section") == metadata)


def _has_number(values: list[Any], number: float) -> bool:
    return any(value == number or value == str(number) for value in values if not isinstance(value, dict | list))


def _tool_runs(sent: Sent, calls: list[Call], reading: Reading) -> Iterator[Around]:
    results = {
        part["id"]: part["response"]
        for call in calls
        for message in call.messages
        for part in message["parts"]
        if part["type"] == "tool_call_response"
    }
    asked = [part for call in calls for part in call.output if part["type"] == "tool_call"]
    rows = {row["span_id"]: row for row in reading.rows}
    for part in asked:
        spans = [one for one in sent.spans if _runs(one, part["name"])]
        if not spans:
            yield Around("tool_run", sent=False, heard=False)
            continue
        yield from _tool_run(spans, part, results.get(part["id"]), [rows[one.id] for one in spans])


def _tool_run(spans: list[SentSpan], part: Any, result: Any, rows: list[Any]) -> Iterator[Around]:
    values = [value for one in spans for value in one.values]
    tools = [row for row in rows if row["kind"] == "tool"]
    yield Around("tool_run", sent=True, heard=any(row["tool_name"] == part["name"] for row in tools))
    yield Around("tool_run_id", part["id"] in values, any(row["tool_call_id"] == part["id"] for row in tools))
    given = any(inside(row["tool_arguments"], part["arguments"]) for row in tools)
    before = [value for value in values if result is None or not inside(value, decoded(result))]  # it repeats them
    yield Around("tool_run_arguments", any(inside(value, part["arguments"]) for value in before), given)
    if result is not None:
        back = any(inside(row["tool_result"], decoded(result)) for row in tools)
        yield Around("tool_run_result", any(inside(value, decoded(result)) for value in values), back)


def _runs(span: SentSpan, tool: str) -> bool:
    named = any(value == tool and _TOOL_KEY.match(name) for name, value in span.fields)
    return named or (tool in span.name and "chat" not in span.name)
