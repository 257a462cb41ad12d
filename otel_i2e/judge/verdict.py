"""Reading a verdict: it is exactly one of the choices, or it is none."""

from __future__ import annotations

import json
from typing import Any, cast

from otel_i2e.errors import JudgeError
from otel_i2e.models import Json, JudgePrompt
from otel_i2e.models.json_text import well_formed

__all__ = ["read_verdict"]


def read_verdict(text: str, prompt: JudgePrompt) -> tuple[str, str]:
    """Choice and reasoning of an answer, as UTF-8 can hold them. JudgeError for anything but one JSON object with the
    fields asked for.
    """
    asked = ["choice", "reasoning"] if prompt.reasoning else ["choice"]
    try:
        value: Any = json.loads(text, object_pairs_hook=_no_field_twice)
    except (ValueError, RecursionError):
        raise JudgeError(f"the judge's answer is not one JSON object: {_start(text)}") from None
    fields = cast("Json", value) if isinstance(value, dict) else {}
    if sorted(fields) != asked:
        raise JudgeError(f"the judge's answer does not have exactly the fields {' and '.join(asked)}: {_start(text)}")
    choice, reasoning = fields["choice"], fields.get("reasoning", "")
    if not isinstance(choice, str) or choice not in prompt.choices:
        raise JudgeError(f"the judge's verdict {choice!r} is none of {', '.join(prompt.choices)}")
    if not isinstance(reasoning, str):
        raise JudgeError(f"the judge's reasoning is no text: {_start(text)}")
    return choice, well_formed(reasoning)


def _no_field_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field stands there twice")
    return dict(pairs)


def _start(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
