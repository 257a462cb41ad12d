"""Text from elsewhere as one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.gate.wording import line, listed


@given(st.text(st.characters()), st.integers(2, 400))
def test_a_line_is_one_bounded_printable_line(text: str, limit: int) -> None:
    """Whatever characters come: controls, direction marks, halves of surrogate pairs."""
    shown = line(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    shown.encode("utf-8")


def test_white_space_is_flattened_and_a_cut_is_shown() -> None:
    """What was left out is marked."""
    assert line("a\n\tb  c") == "a b c"
    assert line("abcdef", 4) == "abc…"
    assert line("\x1b[31m") == "\\x1b[31m"


def test_a_list_says_how_many_more() -> None:
    """The first few are named."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(9)], 2) == "0, 1 and 7 more"
