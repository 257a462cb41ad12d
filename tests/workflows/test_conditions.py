"""A condition of a rule or a command is one expression inside our brackets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError, UsageError
from otel_i2e.workflows.conditions import check_columns, check_condition, condition_error


@pytest.mark.parametrize(
    "condition",
    [
        "kind = 'llm'",
        "(a = 1 AND (b = 2))",
        "output_text LIKE '%;%' AND name = ')'",
        "name = 'it''s (' OR \"odd)name\" = 1",
        r"name = E'it\'s ) ; --'",
        "name = $tag$ ) ; -- ' $tag$",
        r"name LIKE'\' OR name LIKE '(\'",
        "odd$name = '$odd$'",
        "name = $$)$$ ",
        "cost_usd - 1 > 0 / 2",
    ],
)
def test_one_expression_is_taken_as_it_is(condition: str) -> None:
    """Brackets, quotes and signs inside text are text."""
    assert check_condition(condition, "--where") == condition


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("TRUE) OR (TRUE", "a ')' closes a bracket"),
        ("TRUE; DROP TABLE spans", "it holds a ';'"),
        ("TRUE -- and nothing else", "begins a comment"),
        ("TRUE /* x */", "begins a comment"),
        ("(TRUE", "a '(' is not closed"),
        ("name = 'a", "a quote ' is not closed"),
        ('"name = 1', 'a quote " is not closed'),
        (" \n", "it is empty"),
    ],
)
def test_what_would_leave_the_brackets_is_refused(condition: str, said: str) -> None:
    """One line with the place, the condition and the rule."""
    with pytest.raises(UsageError) as caught:
        check_condition(condition, "rule 'r'")
    assert str(caught.value).startswith(f"rule 'r': where = {condition!r}: ")
    assert said in str(caught.value)


@given(st.text(alphabet="()';\"$-/*aE\\ ", max_size=12))
def test_brackets_stay_ours(condition: str) -> None:
    """Whatever is accepted has its brackets in order once quoted text is taken out, and no statement's end."""
    try:
        check_condition(condition, "x")
    except UsageError:
        return
    if not {"'", '"', "$"} & set(condition):
        depth = 0
        for char in condition:
            depth += {"(": 1, ")": -1}.get(char, 0)
            assert depth >= 0
        assert depth == 0
        assert ";" not in condition
        assert "--" not in condition


@pytest.mark.parametrize(
    ("condition", "relation", "said"),
    [
        ("kind=agent", "spans", '^Referenced column "agent" not found.*describe spans'),
        ("nonsense", "traces", '^Referenced column "nonsense" not found.*describe traces'),
        ("kind = 'llm'\nAND kin = 1", "spans", "^line 2: .*did you mean kind"),
    ],
)
def test_a_condition_is_told_its_own_line_and_the_columns_of_its_relation(
    condition: str, relation: str, said: str
) -> None:
    """Whatever query of ours it stood in; a fault that only values show keeps its text, without our line."""
    settings = Settings()
    with pytest.raises(QueryError, match=said):
        check_columns(settings, condition, relation)
    theirs = QueryError("line 13: something else")
    with pytest.raises(QueryError, match=said):
        raise QueryError(condition_error(settings, condition, relation, theirs))
    assert condition_error(settings, "TRUE", relation, theirs) == "something else"
