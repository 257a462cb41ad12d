"""The stored span: its fields are the table's columns, and rows become spans without loss."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from otel_i2e.models import JSON_COLUMNS, SPAN_COLUMNS, Span


def test_fields_are_the_columns_in_order() -> None:
    """The model and the table cannot drift apart."""
    assert list(Span.model_fields) == list(SPAN_COLUMNS)


def test_every_field_says_what_it_is() -> None:
    """Each optional field has a sentence under it."""
    undocumented = [name for name, field in Span.model_fields.items() if not field.description]
    assert undocumented == []


def test_row_becomes_span() -> None:
    """JSON text is parsed, microseconds become UTC times, None stays absent."""
    row = dict.fromkeys(SPAN_COLUMNS)
    row |= {
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "start_time": 1_700_000_000_123_456,
        "input_messages": '[{"role":"user","parts":[]}]',
        "documents": '[{"id":"d1","content":"text"}]',
        "finish_reasons": ["stop"],
        "attributes": '{"a":1}',
    }
    span = Span.from_row(row)
    assert span.start_time == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert span.input_messages == [{"role": "user", "parts": []}]
    assert span.documents is not None
    assert span.documents[0].content == "text"
    assert span.attributes == {"a": 1}
    assert (span.status, span.content_state) == ("ok", "missing")


def test_unknown_field_is_refused() -> None:
    """A contract takes no field that it does not name."""
    with pytest.raises(ValidationError, match="colour"):
        Span.model_validate({"trace_id": "a", "span_id": "b", "colour": "red"})


def test_json_columns_are_the_json_typed_ones() -> None:
    """JSON_COLUMNS follows the column types."""
    assert all((kind == "JSON") == (name in JSON_COLUMNS) for name, kind in SPAN_COLUMNS.items())
