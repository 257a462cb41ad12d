"""A store for one test, filled with what the test says."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from otel_i2e.models import ScoreRow, Span, StoredCase
from otel_i2e.store import Store
from otel_i2e.testing.spans import row_of

__all__ = ["temporary_store"]


@contextmanager
def temporary_store(
    spans: Iterable[Span] = (), *, scores: Iterable[ScoreRow] = (), cases: Iterable[StoredCase] = ()
) -> Generator[Store]:
    """A real DuckDB store in a directory of its own, which is deleted when the block ends.

    with temporary_store([answer], scores=[score_row(answer, "grounded", 0.0)]) as store:
        store.query("SELECT …", timeout=5, max_rows=100)
    """
    with TemporaryDirectory(prefix="i2e-") as folder:
        store = Store(Path(folder) / "i2e.duckdb")
        with store.write() as writer:
            writer.add_spans([row_of(span) for span in spans])
            writer.add_scores(list(scores))
            writer.add_cases(list(cases))
        yield store
