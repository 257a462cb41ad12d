"""A scorer, written once: used online, over what is stored, and in evaluations."""

import re

from otel_i2e import Document, Score, scorer


@scorer(threshold=1.0)
def cites_only_sources(output: str, documents: list[Document]) -> Score | None:
    """Every document that the answer cites in [brackets] was retrieved."""
    cited = set(re.findall(r"\[([\w-]+)\]", output))
    if not cited:
        return None  # nothing is cited: this scorer has nothing to say
    invented = sorted(cited - {document.id for document in documents})
    if invented:
        return Score(value=0.0, label="hallucination", explanation=f"not retrieved: {', '.join(invented)}")
    return Score(value=1.0)
