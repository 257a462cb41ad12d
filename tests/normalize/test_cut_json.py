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
