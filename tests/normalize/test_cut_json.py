"""JSON text that was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import SpanRow
from otel_i2e.normalize.cut_json import loads_cut

SAID: list[Any] = [
    {"role": "user", "parts": [{"type": "text", "content": 'say "hi" \\ Łódź 😀\n'}], "name": None},
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"n": [1.5, True]}}]},
]


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_wherever_it_is_cut_the_beginning_is_read(ensure_ascii: bool) -> None:
    """What is read at every length is a beginning of what was said, and never less than before."""
    whole = json.dumps(SAID, ensure_ascii=ensure_ascii)
    longest = 0
    for length in range(3, len(whole)):
        text = _text(loads_cut(whole[:length]))
        assert SAID[0]["parts"][0]["content"].startswith(text.rstrip("\ufffd"))
        assert len(text) >= longest
        longest = len(text)
    assert longest == len(SAID[0]["parts"][0]["content"])


@pytest.mark.parametrize("text", ["", "[", "[1] a footnote", "plain", "{broken", '["a', "[x"])
def test_other_text_is_not_taken_for_json(text: str) -> None:
    """Only what begins as an object, or as a list of objects, is completed."""
    with pytest.raises(ValueError, match="not the beginning of JSON"):
        loads_cut(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else can come of it."""
    for begin in ('{"', '[{"'):
        try:
            json.dumps(loads_cut(begin + text))
        except ValueError:
            continue


def test_a_megabyte_is_read_in_no_time() -> None:
    """Long texts full of escapes do not make the search slow."""
    cut = '[{"role":"user","parts":[{"type":"text","content":"' + '\\"x\\\\' * 200_000
    assert len(_text(loads_cut(cut))) == 3 * 200_000


def test_a_cut_message_keeps_its_role_and_its_text(row_of: Callable[..., SpanRow]) -> None:
    """And the row says that it was cut, whoever cut it."""
    cut = json.dumps(SAID, ensure_ascii=False)[:70]
    row = row_of({"gen_ai.operation.name": "chat", "gen_ai.input.messages": cut})
    assert row["input_text"] == 'say "hi" \\'
    assert row["content_state"] == "truncated"
    assert row["attributes"]["gen_ai.input.messages"] == cut


def _text(said: list[Any]) -> str:
    """The content of the first message's first part, as far as it goes."""
    message: dict[str, Any] = {"parts": [], **(said[0] if said else {})}
    part: dict[str, Any] = {"content": "", **(message["parts"][0] if message["parts"] else {})}
    return part["content"] or ""


BIG = "x" * 5_000
ASKED = [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "user", "parts": [{"text": BIG}]}]
SPOKEN = [{"event.name": "gen_ai.user.message", "content": text} for text in ("hi", BIG)]
CUT: list[tuple[str, dict[str, Any]]] = [
    ("gcp.vertex.agent", {"gcp.vertex.agent.llm_request": {"model": "m", "contents": ASKED}}),
    ("logfire.openai", {"request_data": {"model": "m", "messages": [{"role": "user", "content": "hi"}] * 900}}),
    ("logfire", {"events": SPOKEN}),
    ("pydantic-ai", {"all_messages_events": SPOKEN}),
    ("", {"openinference.span.kind": "LLM", "input.value": {"model": "m", "messages": SPOKEN}}),
    ("", {"mlflow.spanType": "LLM", "mlflow.spanInputs": {"model": "m", "messages": SPOKEN}}),
]


@pytest.mark.parametrize(("scope", "sent"), CUT)
def test_cut_requests_and_events_keep_what_stood_before_the_cut(
    row_of: Callable[..., SpanRow], scope: str, sent: dict[str, Any]
) -> None:
    """Whoever cut them, and the row says that they were cut."""
    cut = {name: value if isinstance(value, str) else json.dumps(value)[:1_000] for name, value in sent.items()}
    row = row_of({"gen_ai.operation.name": "chat", **cut}, scope_name=scope)
    assert json.loads(row["input_messages"])[0]["parts"] == [{"type": "text", "content": "hi"}]
    assert row["content_state"] == "truncated"
    if scope == "gcp.vertex.agent" or not scope:
        assert row["request_model"] == "m"


def test_a_role_of_an_application_s_own_is_known_by_its_parts(row_of: Callable[..., SpanRow]) -> None:
    """The conventions allow any role."""
    row = row_of(
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps([{**SAID[0], "role": "critic"}])[:70]}
    )
    assert json.loads(row["input_messages"])[0]["role"] == "critic"
    assert row["content_state"] == "truncated"


def test_a_cut_answer_gives_no_word_cut_in_half(row_of: Callable[..., SpanRow]) -> None:
    """Its text stays; a reason or a count that may be the beginning of another is left out."""
    answer = '{"content": {"role": "model", "parts": [{"text": "yes"}]}, "finish_reason": "MAX'
    request = '{"model": "m", "contents": [{"role": "user", "parts": [{"text": "hi"}]}]}'
    names = ("gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response")
    row = row_of(dict(zip(names, (request, answer), strict=True)), scope_name="gcp.vertex.agent")
    assert (row["output_text"], row["finish_reasons"], row["content_state"]) == ("yes", None, "truncated")


def test_cut_documents_keep_those_before_the_cut(row_of: Callable[..., SpanRow]) -> None:
    """And the beginning of the one that was cut."""
    cut = '[{"id": "1", "content": "first"}, {"id": "2", "content": "seco'
    row = row_of({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": cut})
    assert [(one["id"], one["content"]) for one in json.loads(row["documents"])] == [("1", "first"), ("2", "seco")]
