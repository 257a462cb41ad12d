"""`equals`: the output is the expected one."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.text import folded
from otel_i2e.score.values import same_value, strictly_parsed

__all__ = ["equals"]


class Expected(Contract):
    """What the output must be."""

    value: Any
    """Text; or a JSON value, which the output must then be when it is parsed."""
    exact: bool = False
    """Compare text as it is; otherwise Unicode forms, whitespace and case do not matter."""


def equals(argument: Any = None) -> Scorer:
    """`"No."`, `{"value": {"refund": false}}`, `{"value": …, "exact": true}`; without one, the case's `expected`."""
    if argument is None:

        def against_case(output: str, expected: Any) -> Score:
            """The output equals what the case expects."""
            return _compared(output, expected, exact=False)

        return check_scorer("equals", against_case, title="")
    given = isinstance(argument, dict) and "value" in argument
    wanted = read_argument("equals", Expected, argument if given else {"value": argument}, short="value")

    def check(output: str) -> Score:
        """The output equals this."""
        return _compared(output, wanted.value, exact=wanted.exact)

    return check_scorer("equals", check, wanted, title=shown(wanted.value))


def _compared(output: str, expected: Any, *, exact: bool) -> Score:
    same = _same_text(output, expected, exact=exact) if isinstance(expected, str) else _same_json(output, expected)
    reason = "equal" if same else f"expected {shown(expected)}, got {shown(output)}"
    return Score(value=1.0 if same else 0.0, explanation=reason)


def _same_text(output: str, expected: str, *, exact: bool) -> bool:
    return output == expected if exact else folded(output) == folded(expected)


def _same_json(output: str, expected: Any) -> bool:
    try:
        return same_value(strictly_parsed(output), expected)
    except ValueError:
        return False
