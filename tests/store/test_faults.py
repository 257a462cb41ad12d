"""DuckDB's exceptions in our words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from otel_i2e.errors import I2EError, QueryError, QueryTimeout, StoreDamaged, StoreError, StoreLocked
from otel_i2e.store.faults import busy, damaged, first_line, query_error, store_error

pytestmark = pytest.mark.usefixtures("schema_made_anew")

_STORE = Path("/data/s.duckdb")
_LOCK = (
    'IO Error: Could not set lock on file "/data/s.duckdb": Conflicting lock is held in /usr/bin/duckdb (PID 4711). '
    "See also https://duckdb.org"
)


def _every_exception() -> list[type[duckdb.Error]]:
    kinds = [value for value in vars(duckdb).values() if isinstance(value, type) and issubclass(value, duckdb.Error)]
    return sorted(set(kinds), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", _every_exception())
def test_no_exception_of_duckdb_gets_through(kind: type[duckdb.Error]) -> None:
    """Each becomes one of ours, one line, of which somebody's SQL is the cause unless the store is."""
    mapped = query_error(kind("Some Error: it broke\nLINE 1: x"), _STORE)
    assert isinstance(mapped, I2EError)
    assert "\n" not in str(mapped)
    assert isinstance(store_error(kind("Some Error: it broke\nmore"), _STORE), StoreError)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (duckdb.BinderException("Binder Error: no column x\n\nLINE 3: x\n"), QueryError, "q.sql:12: no column x"),
        (duckdb.ParserException("Parser Error: syntax error"), QueryError, "q.sql:10: syntax error"),
        (duckdb.ConversionException("Conversion Error: 'a' is no number"), QueryError, "q.sql:10: 'a' is no number"),
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), QueryTimeout, "interrupted"),
        (duckdb.OutOfMemoryException("Out of Memory Error: …"), QueryError, "too much memory"),
        (duckdb.FatalException("FATAL Error: no space"), StoreError, "writing the same rows again is safe"),
        (
            duckdb.IOException("IO Error: disk on fire"),
            StoreError,
            "'/data/s.duckdb' failed: disk on fire; is the disk",
        ),
        (
            duckdb.IOException("IO Error: cannot initialize database with storage version 68"),
            StoreError,
            "it is of a format that is not i2e's: name another with --store",
        ),
        (
            duckdb.IOException('IO Error: The file "x" exists, but it is not a valid DuckDB database file!'),
            StoreDamaged,
            "'/data/s.duckdb' is not a DuckDB file; name another with --store",
        ),
    ],
)
def test_what_is_said(error: duckdb.Error, kind: type[I2EError], said: str) -> None:
    """The line of a file counts from where its SQL begins; faults of the store name the store."""
    mapped = query_error(error, _STORE, place="q.sql", line=10)
    assert type(mapped) is kind
    assert said in str(mapped)


def test_somebody_else_has_the_file_open() -> None:
    """Their process id is named, or that it is this process itself; other faults are not mistaken for it."""
    assert "process 4711" in str(busy(duckdb.IOException(_LOCK), _STORE))
    here = duckdb.ConnectionException("Can't open a connection to same database file with a different configuration")
    assert "open in this process" in str(busy(here, _STORE))
    assert isinstance(store_error(duckdb.IOException(_LOCK), _STORE), StoreLocked)
    assert busy(duckdb.IOException("IO Error: disk full"), _STORE) is None


def test_the_kind_of_error_is_left_out() -> None:
    """`Binder Error:` helps nobody; text that only looks like it stays."""
    assert first_line(duckdb.BinderException('Binder Error: column "x" Error: y')) == 'column "x" Error: y'
    assert first_line(duckdb.Error("plain")) == "plain"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (duckdb.IOException("IO Error: Corrupt database file: computed checksum 1 does not match"), True),
        (duckdb.Error("Corrupt database file: computed checksum 1 does not match"), True),
        (duckdb.IOException('IO Error: Could not read enough bytes from file "s": attempted to read 9 bytes'), True),
        (duckdb.InternalException('Failure while replaying WAL file "s.wal": Invalid WAL entry type!'), True),
        (duckdb.IOException('Failure while replaying WAL file "s.wal": Input/output error'), False),
        (duckdb.ConversionException("Conversion Error: 'Corrupt database file' is no number"), False),
        (duckdb.IOException("IO Error: No space left on device"), False),
    ],
)
def test_what_counts_as_damage(error: duckdb.Error, expected: bool) -> None:
    """What DuckDB says of the bytes; not a disk in trouble now, and never a text in somebody's row."""
    assert damaged(error) is expected
    assert isinstance(store_error(error, _STORE), StoreDamaged) is expected


def test_a_process_that_ends_refuses_no_row() -> None:
    """Python takes no new threads then: the rows are as good as they were, and wait for the next process."""
    said = "cannot schedule new futures after interpreter shutdown; interpreter is shutting down"
    assert type(store_error(duckdb.InvalidInputException(said), _STORE)) is StoreError
