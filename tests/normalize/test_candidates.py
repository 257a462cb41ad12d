"""Candidates per column, and the list of dialects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SPAN_COLUMNS, SpanRow
from otel_i2e.normalize import RawSpan
from otel_i2e.normalize.candidates import _uses, gather
from otel_i2e.normalize.dialect import Dialect
from otel_i2e.normalize.dialects import DIALECTS

RawSpanOf = Callable[..., RawSpan]


def test_every_family_on_a_span_contributes(raw_span: RawSpanOf) -> None:
    """A span with OpenInference, OpenLLMetry and OpenTelemetry names takes from each what the others lack."""
    facts = gather(
        raw_span(
            {
                "openinference.span.kind": "LLM",
                "gen_ai.prompt.0.content": "hi",
                "gen_ai.response.id": "r1",
                "session.id": "c1",
            }
        )
    )
    assert (facts["kind"], facts["response_id"], facts["conversation_id"]) == ("llm", "r1", "c1")
    assert facts["input_messages"].value[0]["parts"][0]["content"] == "hi"
    assert facts["dialect"] == "openinference"


def test_documents_of_two_families_are_one_list(raw_span: RawSpanOf) -> None:
    """One has ids and scores, the other the texts."""
    facts = gather(
        raw_span(
            {
                "gen_ai.retrieval.documents": '[{"id": "d1", "score": 0.9}, {"id": "d2", "score": 0.8}]',
                "openinference.span.kind": "RETRIEVER",
                "retrieval.documents.0.document.content": "a text that is long",
                "retrieval.documents.1.document.content": "another text that is long",
            }
        )
    )
    told = [(one["id"], one["score"], one["content"]) for one in facts["documents"]]
    assert told == [("d1", 0.9, "a text that is long"), ("d2", 0.8, "another text that is long")]


def test_what_no_family_knows_is_unknown(raw_span: RawSpanOf) -> None:
    """Names of nobody, and names that everybody uses, show no dialect."""
    assert gather(raw_span({"http.route": "/", "user.id": "u1"})) == {"user_id": "u1", "dialect": "unknown"}


def test_the_order_of_attributes_does_not_matter(raw_span: RawSpanOf) -> None:
    """Candidates are weighed, not overwritten."""
    sent: dict[str, Any] = {
        "gen_ai.system": "xai",
        "gen_ai.provider.name": "openai",
        "llm.provider": "anthropic",
        "gen_ai.usage.input_tokens": 0,
        "llm.token_count.prompt": 9,
        "session.id": "s",
        "gen_ai.conversation.id": "c",
        "gen_ai.input.messages": "short",
        "gen_ai.prompt": "the longer text",
    }
    facts = gather(raw_span(sent))
    assert gather(raw_span(dict(reversed(sent.items())))) == facts
    assert (facts["conversation_id"], facts["input_tokens"]) == ("c", 9)
    assert facts["input_messages"].value[0]["parts"][0]["content"] == "the longer text"


def test_names_stand_in_one_dialect_only() -> None:
    """A name claimed twice, or for a column that does not exist, is refused at import."""
    with pytest.raises(ValueError, match="'a' stands in two dialects"):
        _uses([Dialect("x", fields={"name": ("a",)}), Dialect("y", fields={"kind": ("a",)})])
    with pytest.raises(ValueError, match="'colour', which is no column"):
        _uses([Dialect("x", fields={"colour": ("a",)})])


def test_every_dialect_has_a_test_file(request: pytest.FixtureRequest) -> None:
    """A new dialect is one file, one line and one test file."""
    folder = request.path.parent / "dialects"
    tested = {path.stem.removeprefix("test_") for path in folder.glob("test_*.py")}
    written = {path.stem for path in (request.config.rootpath / "otel_i2e/normalize/dialects").glob("[!_]*.py")}
    assert written - {"shared"} == tested
    assert len(DIALECTS) == len(written)


def test_read_gives_columns_only(raw_span: RawSpanOf) -> None:
    """What a dialect's own function offers are columns of spans."""
    span = raw_span({"gen_ai.request.x": 1, "gen_ai.prompt.0.content": "", "llm.tools.0.tool.json_schema": "{}"})
    for dialect in DIALECTS:
        if dialect.read is not None:
            assert dialect.read(span, []).keys() <= SPAN_COLUMNS.keys()


HIDDEN = {"openinference.span.kind": "LLM", "llm.input_messages.0.message.content": "__REDACTED__"}


def test_a_placeholder_is_less_than_any_content(row_of: Callable[..., SpanRow]) -> None:
    """One instrumentation hides content, the other on the same span does not."""
    shown = '[{"role":"user","parts":[{"type":"text","content":"q"}]}]'
    row = row_of({**HIDDEN, "gen_ai.input.messages": shown})
    assert (row["input_text"], row["content_state"]) == ("q", "full")
    assert row_of(HIDDEN)["content_state"] == "redacted"
    run = row_of({"tool_arguments": "<REDACTED>", "gen_ai.tool.call.arguments": '{"a":1}', "gen_ai.tool.name": "f"})
    assert run["tool_arguments"] == '{"a":1}'


def test_a_longer_spelling_of_less_is_not_richer(row_of: Callable[..., SpanRow]) -> None:
    """Names and nulls are form: what counts is what is said."""
    many = [{"role": "user", "parts": [{"type": "text", "content": "hi", "annotations": None}], "name": None}]
    sent = {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi, there", "gen_ai.input.messages": many}
    assert row_of(sent)["input_text"] == "hi, there"
