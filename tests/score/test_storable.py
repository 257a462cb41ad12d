"""What a scorer or a judge wrote is storable and showable, whatever it is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import Attempt, Score
from otel_i2e.models.json_text import well_formed
from otel_i2e.score import scorer
from otel_i2e.score.storable import one_line, storable_json

Try = Callable[..., Attempt]
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_text_can_be_encoded_and_is_left_alone_otherwise(text: str) -> None:
    """Only lone surrogates are replaced."""
    safe = well_formed(text)
    safe.encode()
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert safe == text


@given(ANY_TEXT)
def test_a_line_is_printable(text: str) -> None:
    """No line break, no escape sequence, never empty."""
    assert one_line(text).isprintable()
    assert one_line(text)


def test_a_line_shows_what_it_hides() -> None:
    """Escapes are spelled out."""
    assert one_line("a\n b\x1b[2J\u202e") == r"a b\x1b[2J\u202e"
    assert one_line(" \n") == "no message"


def test_metadata_becomes_json() -> None:
    """What JSON does not have is text."""
    when = datetime(2026, 5, 4, tzinfo=UTC)
    assert storable_json({"n": math.nan, "i": -math.inf, "t": when, "s": "a\udc00", "l": [1, {"x": None}]}) == {
        "n": "NaN",
        "i": "-Infinity",
        "t": str(when),
        "s": "a\ufffd",
        "l": [1, {"x": None}],
    }


def test_scores_and_errors_are_storable(attempt: Try) -> None:
    """Label, explanation, metadata and message."""

    @scorer
    def odd(output: str) -> Score:
        return Score(label="a\ud800", explanation="b\udfff\n", metadata={"n": math.inf})

    @scorer
    def broken(output: str) -> Score:
        raise ValueError("\ud800\x1b[31m")

    score: Any = attempt(odd).score
    assert (score.label, score.explanation, score.metadata) == ("a\ufffd", "b\ufffd\n", {"n": "Infinity"})
    error = attempt(broken).error or ""
    assert error.startswith(r"ValueError: " + "\ufffd" + r"\x1b[31m (")
    json.dumps(error, ensure_ascii=False).encode()
