"""Rows of a promotion query."""

from __future__ import annotations

from otel_i2e.promote import finding_of


def test_case_columns_become_fields_and_computed_columns_are_kept() -> None:
    """Columns of `spans` are not copied: a `SELECT *` does not carry content into the dataset."""
    finding = finding_of(
        {
            "trace_id": "t", "span_id": "s", "priority": "P0", "severity": None, "label": "hallucination",
            "value": 0.2, "explanation": "x" * 900, "output_text": "secret", "user_id": "u-1", "attributes": "{}",
        }
    )  # fmt: skip
    assert (finding.trace_id, finding.span_id) == ("t", "s")
    assert finding.fields == {"priority": "P0", "failure_mode": "hallucination"}
    assert finding.found == {"label": "hallucination", "value": 0.2, "explanation": "x" * 500}


def test_a_row_about_a_whole_trace_has_no_span() -> None:
    """User feedback names a trace only."""
    assert finding_of({"trace_id": "t", "span_id": None}).span_id is None
