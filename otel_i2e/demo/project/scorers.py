"""The project's scorers: written once, used on production, on stored spans and in evaluations."""

import re
from collections.abc import Sequence

from otel_i2e import Document, Score, scorer


@scorer(threshold=1.0)
def cites_only_sources(input: str, output: str, documents: Sequence[Document] = ()) -> Score | None:
    """Every period that the answer names stands in a retrieved document, or in the question."""
    known = periods(input + " " + " ".join(document.content or "" for document in documents))
    named = periods(output)
    if not named:
        return None  # nothing is claimed: this scorer has nothing to say
    invented = sorted(named - known)
    if invented:
        return Score(value=0.0, label="hallucination", explanation=f"in no document: {', '.join(invented)}")
    return Score(value=1.0)


def periods(text: str) -> set[str]:
    """Periods such as `120-day` or `30 days`, as `120 days` and `30 days`."""
    return {f"{number} {unit}s" for number, unit in re.findall(r"(\d+)[- ](day|month)", text.lower())}
