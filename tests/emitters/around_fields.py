"""The fields that stand around model calls: who asked, which prompt, what was retrieved, which tools ran."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import facts
from evidence import Sent, SentSpan, decoded
from fields import _inside
from reading import Reading
from truth import Call

__all__ = ["Around", "around"]

_TOOL_KEY = re.compile(r"^(?!.*(?:message|prompt|completion|definitions)).*(?:tool[._]?name|toolCall\.name|entity\.name)$")


class Around(NamedTuple):
    """One value of such a field."""

    field: str
    sent: bool
    heard: bool


def around(scenario: str, sent: Sent, calls: list[Call], reading: Reading) -> Iterator[Around]:
    """All values of a scenario."""
    if scenario == "conversation":
        yield from _identities(sent, reading)
    if scenario == "retrieval":
        yield from _documents(sent, reading)
    if scenario in ("tools", "stream_tools", "responses"):
        yield from _tool_runs(sent, calls, reading)


def _identities(sent: Sent, reading: Reading) -> Iterator[Around]:
    def told(column: str, value: str) -> bool:
        return any(str(row[column]) == value for row in reading.calls)

    yield Around("conversation", facts.CONVERSATION in sent.exact, told("conversation_id", facts.CONVERSATION))
    yield Around("user", facts.USER in sent.exact, told("user_id", facts.USER))
    yield Around("prompt_name", facts.PROMPT_NAME in sent.exact, told("prompt_name", facts.PROMPT_NAME))
    version = str(facts.PROMPT_VERSION)
    versions = {str(value) for one in sent.all for name, value in one.fields if name.endswith("version")}
    yield Around("prompt_version", version in versions, told("prompt_version", version))
    for name, value in facts.PROMPT_VARIABLES.items():
        heard = any((row["prompt_variables"] or {}).get(name) == value for row in reading.calls)
        yield Around("prompt_variables", value in sent.exact, heard)


def _documents(sent: Sent, reading: Reading) -> Iterator[Around]:
    rows = [row for row in reading.rows if row["documents"]]
    found = [document for row in rows for document in row["documents"]]
    carriers = [one for one in sent.all if facts.DOCUMENTS[0]["content"] in one.values or facts.DOCUMENTS[0]["id"] in one.values]
    values = [value for one in carriers for value in one.values]
    query = any(facts.RETRIEVAL_QUERY in str(row["input_text"]) for row in rows)
    yield Around("retrieval_query", facts.RETRIEVAL_QUERY in sent.exact, query)
    for number, truth in enumerate(facts.DOCUMENTS):
        mine = [one for one in found if one.get("content") == truth["content"] or str(one.get("id")) == truth["id"]]
        one = mine[0] if mine else (found[number] if number < len(found) else {})
        yield Around("document_id", truth["id"] in values, str(one.get("id")) == truth["id"])
        yield Around("document_text", truth["content"] in values, one.get("content") == truth["content"])
        yield Around("document_score", _has_number(values, truth["score"]), one.get("score") == truth["score"])
        metadata = truth["metadata"]["section"]
        yield Around("document_metadata", metadata in values, (one.get("metadata") or {}).get("section") == metadata)


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
            yield Around("tool_run", False, False)
            continue
        yield from _tool_run(spans, part, results.get(part["id"]), [rows[one.id] for one in spans])


def _tool_run(spans: list[SentSpan], part: Any, result: Any, rows: list[Any]) -> Iterator[Around]:
    values = [value for one in spans for value in one.values]
    tools = [row for row in rows if row["kind"] == "tool"]
    yield Around("tool_run", True, any(row["tool_name"] == part["name"] for row in tools))
    yield Around("tool_run_id", part["id"] in values, any(row["tool_call_id"] == part["id"] for row in tools))
    given = any(_inside(row["tool_arguments"], part["arguments"]) for row in tools)
    yield Around("tool_run_arguments", any(_inside(value, part["arguments"]) for value in values), given)
    if result is not None:
        back = any(_inside(row["tool_result"], decoded(result)) for row in tools)
        yield Around("tool_run_result", any(_inside(value, decoded(result)) for value in values), back)


def _runs(span: SentSpan, tool: str) -> bool:
    named = any(value == tool and _TOOL_KEY.match(name) for name, value in span.fields)
    return named or (tool in span.name and "chat" not in span.name)
