"""When two JSON values are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_i2e.score.values import parsed, same_value, strictly_parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (2, 2.0, True),
        (1, True, False),
        ({"a": [0]}, {"a": [False]}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
        ([], {}, False),
        (None, False, False),
        ({"a": {"b": [1, "x"]}}, {"a": {"b": [1.0, "x"]}}, True),
    ],
)
def test_as_json_sees_it(one: Any, other: Any, same: bool) -> None:
    """Numbers by value, true and false apart from numbers, at any depth."""
    assert same_value(one, other) is same
    assert same_value(other, one) is same


@given(JSON, JSON)
def test_same_values_are_written_the_same(one: Any, other: Any) -> None:
    """Without fractions, equality is that of the canonical text."""
    assert same_value(one, other) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@given(JSON)
@example(10**400)
@example([-(10**19), 10**30, -0.0, 1e308])
def test_json_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    """Every digit of a long integer too, and what stricter parsers refuse."""
    text = json.dumps(value)
    assert repr(parsed(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["NaN", '["\\ud800"]', '{"a": 1, "a": 2}', "-0", "1e400", "[" * 300 + "]" * 300])
def test_unusual_json_is_read_as_the_standard_library_reads_it(text: str) -> None:
    """A number that is none, half a character, one name twice, deep nesting."""
    assert repr(parsed(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", "nul", "[1,]", "'a'"])
def test_what_is_no_json_is_told_in_the_usual_words(text: str) -> None:
    """They stand in explanations."""
    with pytest.raises(ValueError, match=r"line 1 column \d"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ('[1, {"a": NaN}]', "NaN is not JSON"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"refund": false, "refund": true}', "key 'refund' is there twice"),
        ('{"o": {"a": 1, "a": 1}, "t": "12:30"}', "key 'a' is there twice"),
        ("{", "Expecting"),
    ],
)
def test_what_readers_would_read_differently_is_refused(text: str, said: str) -> None:
    """At any depth; once more from the cache."""
    for _ in range(2):
        with pytest.raises(ValueError, match=said):
            strictly_parsed(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_read_as_ever(value: Any) -> None:
    """Colons in texts, nested objects, long numbers."""
    assert strictly_parsed(json.dumps(value)) == parsed(json.dumps(value))
