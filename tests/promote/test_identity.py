"""Ids and sameness of inputs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.promote import case_id, input_key


def test_an_id_is_readable() -> None:
    """The question's words, cut at a word."""
    assert case_id("Can I return a laptop after 90 days?", {}) == "can-i-return-a-laptop-after-90-days"
    assert case_id("¿Cuántos días? 30 días…", {}) == "cuántos-días-30-días"
    assert case_id("word " * 100, {}) == "-".join(["word"] * 8)
    assert len(case_id("x" * 500, {})) == 48


def test_a_conversation_is_named_after_its_last_question() -> None:
    """Not after the greeting."""
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Can I return it?"},
    ]
    assert case_id({"messages": turns}, {}) == "can-i-return-it"
    assert case_id({"tier": 2, "question": "Can I?"}, {}) == "can-i"


def test_an_input_without_words_is_named_after_its_hash() -> None:
    """Still stable."""
    assert case_id("???", {}) == f"case-{input_key('???')[:8]}"


def test_a_collision_gets_a_suffix_that_does_not_depend_on_order() -> None:
    """Two questions with the same first words are told apart by their own hash."""
    first, second = "Can I return it? (laptop)", "Can I return it!! (laptop)"
    taken = {case_id(first, {}): input_key(first)}
    name = case_id(second, taken)
    assert name == f"can-i-return-it-laptop-{input_key(second)[:4]}"
    assert case_id(first, taken) == "can-i-return-it-laptop"


def test_case_space_and_unicode_form_make_no_difference() -> None:
    """The same question typed twice is one failure."""
    assert input_key("Can I  return it?\n") == input_key("can i return IT?")
    assert input_key("Cafe\u0301") == input_key("Caf\u00e9")
    assert input_key({"a": "x", "b": "y"}) == input_key({"b": "Y ", "a": "x"})
    assert input_key("Can I return it?") != input_key("Can I return them?")
    assert input_key("x") != input_key({"messages": [{"role": "user", "content": "x"}]})


@given(st.text(max_size=80), st.text(max_size=80))
def test_ids_are_unique_and_stable(one: str, two: str) -> None:
    """Different inputs never share an id, and an input keeps the one it has."""
    name = case_id(one, {})
    taken = {name: input_key(one)}
    assert case_id(one, taken) == name
    assert name.strip("-") == name != ""
    assert (case_id(two, taken) == name) == (input_key(one) == input_key(two))
