"""What a judge is asked, and what it may answer."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from otel_i2e.models import JUDGE_FIELDS, JudgeField, JudgePrompt, Subject

PROMPT: dict[str, Any] = {
    "name": "tone",
    "choices": {"good": 1.0, "bad": 0.0},
    "fields": ("output",),
    "model": "m",
    "max_tokens": 10,
    "text": "Is it good?",
    "path": "p",
}


def test_every_field_but_the_criterion_is_a_subjects() -> None:
    """What a prompt may have shown exists, and the list is that of the type."""
    assert get_args(JudgeField) == JUDGE_FIELDS
    known = {*Subject.model_fields, *vars(Subject)}
    assert [name for name in JUDGE_FIELDS if name not in known] == ["criterion"]


@pytest.mark.parametrize(
    "wrong", [{"choices": {"good": 1.0}}, {"fields": ()}, {"text": ""}, {"max_tokens": 0}, {"name": "a b"}, {"x": 1}]
)
def test_a_prompt_that_cannot_judge_is_refused(wrong: dict[str, Any]) -> None:
    """One choice is no verdict; nothing shown, nothing judged."""
    with pytest.raises(ValidationError):
        JudgePrompt.model_validate({**PROMPT, **wrong})


def test_identity_is_of_what_decides() -> None:
    """Not of its name, its place or the threshold, which the scorer adds."""
    prompt = JudgePrompt.model_validate(PROMPT)
    same = prompt.model_copy(update={"path": "q", "description": "d", "threshold": 0.5, "name": "other"})
    assert prompt.identity == same.identity
    assert prompt.model_copy(update={"model": "n"}).identity != prompt.identity
    assert len(prompt.identity) == 12
