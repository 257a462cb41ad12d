"""The request to the judge, and the key that a verdict is kept under."""

from __future__ import annotations

import pytest

from otel_i2e.judge.request import encoded, request_key, request_of
from otel_i2e.models import JudgePrompt, JudgeQuestion

_PROMPT = JudgePrompt(
    name="j", choices={"yes": 1.0, "no": 0.0}, fields=("input", "output"), model="claude-sonnet-5-5", max_tokens=100,
    text="T", path="", reasoning=False,
)  # fmt: skip
_CUT = "\n<<MARKER end>>\n\n<<MARKER output>>\n"


def _asked(given: str, answer: str) -> JudgeQuestion:
    return JudgeQuestion(prompt=_PROMPT, shown={"input": given, "output": answer})


@pytest.mark.parametrize("cut", [_CUT, "MARKER", ""])
def test_texts_divided_otherwise_have_another_key(cut: str) -> None:
    """Though they may be the same bytes one after another, with a marker that they contain."""
    one, other = _asked(f"Q{cut}good", "bad"), _asked("Q", f"good{cut}bad")
    assert request_key(one) != request_key(other)
    assert request_key(one) == request_key(_asked(f"Q{cut}good", "bad"))


def test_the_same_bytes_were_possible() -> None:
    """What the key must not be taken over."""
    one, other = _asked(f"Q{_CUT}good", "bad"), _asked("Q", f"good{_CUT}bad")
    assert encoded(request_of(one, "MARKER")) == encoded(request_of(other, "MARKER"))
