"""A structured answer is searched as its JSON, and as the texts that are in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import Attempt, Case, Document
from otel_i2e.score import check_scorers
from otel_i2e.score.structured import texts_in

Try = Callable[..., Attempt]
PAY = {"answer": "you pay\n120 euros", "note": 'as "Müll" \\ x'}
DOCUMENT = Document(id="a", content="Returns within 30 days.")


@pytest.mark.parametrize(
    ("output", "checks", "passed"),
    [
        (PAY, {"must_not": [{"contains": "pay 120 euros"}]}, False),
        (PAY, {"must_not": [{"regex": r"pay\s+120"}]}, False),
        (PAY, {"must_not": [{"contains": 'Müll"'}]}, False),
        (PAY, {"must": [{"not_contains": "pay 120"}]}, False),
        (PAY, {"must": [{"not_contains": {"text": "pay\n120", "exact": True}}]}, False),
        (PAY, {"must": [{"contains": ["pay 120", '"answer":']}]}, True),
        (PAY, {"must": [{"regex": r"\\ x$"}]}, True),
        (PAY, {"must": [{"length": {"min_words": 8, "max_words": 8}}]}, True),
        ({"a": "you pay", "b": "120 euros"}, {"must": [{"not_contains": "pay 120"}]}, True),
        ({"a": "you pay", "b": "120 euros"}, {"must_not": [{"regex": r"pay\s+120"}]}, True),
        ([{"deep": ["you pay\n120"]}], {"must": [{"not_contains": "pay 120"}]}, False),
        ({"answer": "card\n4111 1111 1111 1111"}, {"must": [{"no_personal_data": True}]}, False),
        ({"answer": "card\nnone"}, {"must": [{"no_personal_data": True}]}, True),
        ({"answer": 'It says "you get all your money" back'}, {"must": [{"quotes_documents": True}]}, False),
        ({"answer": 'It says "returns within 30 days"'}, {"must": [{"quotes_documents": True}]}, True),
        ({"answer": "Returns\nwithin 30 days."}, {"must": [{"word_overlap": 1}]}, True),
        ({"answer": "Returns within", "days": 31}, {"must": [{"word_overlap": 1}]}, False),
    ],
)
def test_a_line_break_or_a_quotation_mark_in_a_field_hides_nothing(
    attempt: Try, output: Any, checks: dict[str, Any], passed: bool
) -> None:
    """And two fields are not one text."""
    (check,) = check_scorers(Case.model_validate({"id": "c", "input": "q", **checks}))
    made = attempt(check, json.dumps(output, ensure_ascii=False), documents=[DOCUMENT])
    assert made.passed is passed, made


def test_texts_are_the_values() -> None:
    """Names of fields stand in the JSON; what is no JSON object or list has none."""
    assert texts_in('{"a": "b", "c": [1, 2.5, true, null, {"d": "e"}]}') == ("b", "1", "2.5", "e")
    for plain in ("text", '"text"', "3", "{not json", "[" * 5000):
        assert texts_in(plain) == ()
