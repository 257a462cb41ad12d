"""JSON text in and out for values that others made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models.json_text import dumps, exact, loads, loads_exact, loads_strict, parse_if_json, well_formed

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(anything)
def test_any_value_becomes_strict_json(value: Any) -> None:
    """Huge integers, lone surrogates, bytes and NaN included: the text parses, strictly."""
    json.loads(dumps(value), parse_constant=pytest.fail)


@given(st.text())
def test_text_survives_unless_utf8_cannot_hold_it(text: str) -> None:
    """Well-formed text comes back as it was; a lone surrogate as U+FFFD."""
    assert loads(dumps(text)) == well_formed(text)
    assert (well_formed(text) == text) == (not any(0xD800 <= ord(character) <= 0xDFFF for character in text))


def test_nesting_deeper_than_readers_bear_is_cut_with_a_mark() -> None:
    """5,000 levels become 250 and words that say so."""
    deep: Any = "leaf"
    for level in range(5000):
        deep = [deep] if level % 2 else {"a": deep}
    written = dumps(deep)
    json.loads(written)
    assert "nested too deeply" in written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' ["a"]', ["a"]),
        ('"a"', "a"),
        ("7", "7"),
        ("007", "007"),
        ("true", "true"),
        ("{broken", "{broken"),
        ("", ""),
        ('{"a": "\\ud800"}', {"a": "\ufffd"}),
    ],
)
def test_only_what_is_clearly_json_is_parsed(text: str, value: Any) -> None:
    """Objects, arrays and quoted text are; a bare number or word stays text."""
    assert parse_if_json(text) == value


def test_escaped_backslashes_are_not_taken_for_surrogates() -> None:
    """`\\\\ud800` in JSON is a backslash and five letters."""
    assert loads('["\\\\ud800", "\\ud83d\\ude00", "\\udfff"]') == ["\\ud800", "😀", "\ufffd"]


def test_bytes_that_are_not_utf8_are_mended() -> None:
    """A broken byte inside JSON does not lose the rest."""
    assert loads(b'{"a": "x\xff"}') == {"a": "x\ufffd"}


@given(st.integers(-(10**40), 10**40))
def test_integers_come_back_with_every_digit(number: int) -> None:
    """Beyond 64 bits, too, in an object, in a list, next to text."""
    text = json.dumps({"wei": [number], "said": "x"})
    assert loads_exact(text) == parse_if_json(text) == {"wei": [number], "said": "x"}
    assert json.loads(dumps(loads_exact(text))) == {"wei": [number], "said": "x"}


def test_what_cannot_be_read_with_all_digits_is_left_as_it_was_read() -> None:
    """Thousands of digits are refused by Python, thousands of levels by its reader."""
    digits = "9" * 300
    assert exact(f"[{digits * 30}]", "as read") == "as read"
    deep = "[" * 3_000 + digits + "]" * 3_000
    assert exact(deep, "as read") == "as read"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "key 'c' is there twice, and only the last would count"),
        ("[1, NaN]", "NaN is not JSON; it must be a number or null"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": -1e999}', "-1e999 is too large for a number"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting"),
    ],
)
def test_what_a_parser_would_settle_silently_is_told(text: str, said: str) -> None:
    """At any depth, in one sentence."""
    with pytest.raises(ValueError, match=said):
        loads_strict(text)


def test_an_infinite_number_may_be_let_through() -> None:
    """Where the value is only compared."""
    assert loads_strict("[1e999, 2]", finite=False) == [float("inf"), 2]
