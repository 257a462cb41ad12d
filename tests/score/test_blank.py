"""When nothing was answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.score.blank import is_blank
from otel_i2e.values import as_text


class _Formless:
    pass


class _Shown:
    def __repr__(self) -> str:
        return "30 days"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\t",
        "\u200b",
        "\ufeff\u2060\u00ad\u00a0\u3000",
        "\u3164\u2800\ufffd",
        "\u0301",
        "...",
        "**\u200b**",
        "null",
        " null\n",
        '""',
        '"\\u200b"',
        "\u200b{}",
        [],
        {},
        [[], {"a": []}],
        {"answer": ""},
        {"answer": None},
        {"answer": "null", "more": [" ", float("nan")]},
        float("nan"),
        "[" * 100_000,
        '{"a":' * 100 + "[]" + "}" * 100,
        _Formless(),
        {"answer": _Formless()},
        _Formless,
        lambda: "30 days",
        len,
        json,
        "x".join,
        (number for number in ()),
        b"\xfc\xff",
        {"answer": bytearray(b"\xfc\xff")},
    ],
    ids=lambda answer: ascii(answer)[:20],
)
def test_blank(answer: Any) -> None:
    """As the task returned it, and as it is recorded."""
    assert is_blank(as_text(answer)[0])


@pytest.mark.parametrize(
    "answer",
    [
        "Yes.",
        "no",
        "No",
        "n",
        "N",
        "nullable",
        "7",
        "٧",
        "是",
        "👍",
        "€",
        "a < b",
        "<b>30 days</b>",
        "{not JSON}",
        '{"a": ',
        '{"a":' * 100_000,
        0,
        False,
        1e999,
        {"count": 0},
        {"refund": False, "why": ""},
        [[["x"]]],
        _Shown(),
        RuntimeError("30 days"),
        "[" + "9" * 10_000 + "]",
    ],
    ids=lambda answer: ascii(answer)[:20],
)
def test_not_blank(answer: Any) -> None:
    """A zero and a no are answers."""
    assert not is_blank(as_text(answer)[0])


@given(st.text(), st.text(alphabet=st.characters(categories=["L", "Nd"], max_codepoint=0x7F), min_size=1))
def test_a_text_with_a_word_in_it_is_no_blank(around: str, word: str) -> None:
    """Whatever stands around it, unless it is the word that JSON has for nothing."""
    text = f"the {word} {around}"
    assert not is_blank(text)
    assert not is_blank(json.dumps({"": around, "answer": text}))


@given(st.text(alphabet=st.characters(categories=["Z", "C"])))
def test_what_separates_and_controls_is_blank(text: str) -> None:
    """However much there is of it."""
    assert is_blank(text)
    assert is_blank(json.dumps({"answer": [text]}))
