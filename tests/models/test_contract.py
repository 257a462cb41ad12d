"""Contracts made of our own values without a look at them: the same as those that were validated."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from otel_i2e.models import Attempt, Contract, Outcome, Score
from otel_i2e.score import BUILT_IN
from otel_i2e.testing import llm_span, score_row

ATTEMPT = Attempt(scorer="s", scorer_version="v", outcome=Outcome.SCORED, score=Score(value=1.0), passed=True)


@pytest.mark.parametrize("checked", [ATTEMPT, score_row(llm_span(), "s", 0.5), Score(label="x", metadata={"a": 1})])
def test_trusted_values_make_the_same_contract(checked: Contract) -> None:
    """Equal, written the same, read back the same, and as frozen."""
    trusted = type(checked).trusting()(dict(checked))
    assert trusted == checked
    assert trusted.model_dump_json() == checked.model_dump_json()
    assert type(checked).model_validate_json(trusted.model_dump_json()) == checked
    with pytest.raises(ValidationError, match="frozen"):
        setattr(trusted, next(iter(type(checked).model_fields)), None)


def test_a_copy_changes_no_other() -> None:
    """Though they share the set of their fields' names."""
    make = Attempt.trusting()
    one, other = make(dict(ATTEMPT)), make(dict(ATTEMPT))
    changed = one.model_copy(update={"passed": False})
    assert (changed.passed, one.passed, other) == (False, True, ATTEMPT)
    assert one.model_fields_set == set(Attempt.model_fields)


def test_a_scorers_stamp_has_every_field() -> None:
    """An attempt is made of it: a field that Attempt gains is in it, or this fails."""
    assert BUILT_IN["length"](100).stamp.keys() == Attempt.model_fields.keys()
