"""Log records that wait, and rows that are replaced."""

from __future__ import annotations

from otel_i2e.models import SPAN_COLUMNS
from otel_i2e.testing import llm_span, row_of, temporary_store

KEY = ("a" * 32, "b" * 16)


def test_records_wait_and_are_taken_once() -> None:
    """Only those of the span that is asked for."""
    other = ("a" * 32, "c" * 16)
    with temporary_store() as store:
        with store.write() as writer:
            assert writer.take_logs([KEY]) == []
            writer.keep_logs([(*KEY, '{"n":1}'), (*KEY, '{"n":2}'), (*other, '{"n":3}')])
        with store.write() as writer:
            assert sorted(writer.take_logs([KEY])) == [(*KEY, '{"n":1}'), (*KEY, '{"n":2}')]
            assert writer.take_logs([KEY]) == []
            assert writer.take_logs([]) == []
            assert writer.drop_logs(days=7) == 0
            assert writer.drop_logs(days=-1) == 1


def test_a_record_that_comes_again_waits_once() -> None:
    """In one request and in another: a file of logs that is imported twice."""
    record = (*KEY, '{"n":1}')
    with temporary_store() as store:
        for _ in range(2):
            with store.write() as writer:
                writer.keep_logs([record, record])
        with store.write() as writer:
            assert writer.take_logs([KEY]) == [record]


def test_a_stored_row_comes_back_as_it_was_given() -> None:
    """Text that was left out is put back, times are microseconds: the row can be stored again."""
    span = llm_span(input="a question that is long enough to be left out of the attributes " * 3)
    given = row_of(span)
    with temporary_store([span]) as store, store.write() as writer:
        (row,) = writer.stored_spans([(span.trace_id, span.span_id), KEY])
        assert list(row) == list(SPAN_COLUMNS)
        assert {name: row[name] for name in row if name != "ingested_at"} == {
            name: given[name] for name in row if name != "ingested_at"
        }
        assert writer.stored_spans([KEY]) == writer.stored_spans([]) == []


def test_a_replaced_row_stands_alone() -> None:
    """The others stay as they are."""
    spans = [llm_span(output="old"), llm_span(output="other")]
    with temporary_store(spans) as store:
        with store.write() as writer:
            writer.replace_spans([{**row_of(spans[0]), "output_text": "new"}])
            writer.replace_spans([])
        with store.read() as reader:
            assert sorted(row["output_text"] for row in reader.rows("SELECT output_text FROM spans")) == [
                "new",
                "other",
            ]
