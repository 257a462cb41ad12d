"""`not_contains`: the output does not have a text in it; of several texts, none."""

from __future__ import annotations

from typing import Any

from otel_i2e.models import Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown, verdict
from otel_i2e.score.checks.contains import Texts, needles_of
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told
from otel_i2e.score.text import seen

__all__ = ["not_contains"]


def not_contains(argument: Any) -> Scorer:
    """`"120 days"`, `["120 days", "120-day"]` or `{"text": …, "exact": true}`."""
    unwanted = read_argument("not_contains", Texts, argument, short="text")
    needles, exact = needles_of(unwanted), unwanted.exact
    good = verdict(holds=True, why=f"does not contain {', '.join(name for _, name in needles)}")

    def check(output: str) -> Score:
        """The output has none of these texts in it."""
        hay = output if exact else seen(output)
        if texts := told(output):
            hay = f"{hay}\0{texts if exact else seen(texts)}"
        found = [name for needle, name in needles if needle in hay]
        return verdict(holds=False, why=f"contains {', '.join(found)}") if found else good

    return check_scorer(
        "not_contains", check, unwanted, title=", ".join(shown(text) for text in unwanted.text), negative=True
    )
