"""Opening the file: its format, what a reader is kept from, and a log that a power cut padded with zeros."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from otel_i2e.store.connection import ROW_GROUP_ROWS, STORAGE_VERSION, open_reader, open_writer


def _filled(path: Path, rows: int) -> None:
    connection = open_writer(path, compression="zstd")
    connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(?)", [rows])
    connection.close()


def test_a_new_file_has_the_format_that_every_supported_duckdb_reads(tmp_path: Path) -> None:
    """The storage version is pinned, whatever the installed DuckDB would write."""
    _filled(tmp_path / "s.duckdb", 1)
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        ((tags,),) = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert tags["storage_version"].removesuffix("+") == STORAGE_VERSION


def test_row_groups_are_small(tmp_path: Path) -> None:
    """A checkpoint rewrites row groups: they are bounded."""
    _filled(tmp_path / "s.duckdb", 3 * ROW_GROUP_ROWS)
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        groups = connection.execute("SELECT DISTINCT row_group_id FROM pragma_storage_info('t')").fetchall()
    assert len(groups) == 3


@pytest.mark.parametrize("compression", ["zstd", "auto"])
def test_text_is_compressed_as_asked(tmp_path: Path, compression: str) -> None:
    """`zstd` is used for long text when it is asked for, and DuckDB chooses otherwise."""
    connection = open_writer(tmp_path / "s.duckdb", compression=compression)
    connection.execute("CREATE TABLE t AS SELECT repeat(md5(range::VARCHAR), 100) AS a FROM range(3000)")
    connection.execute("CHECKPOINT")
    found = connection.execute("SELECT compression FROM pragma_storage_info('t') WHERE segment_type = 'VARCHAR'")
    assert compression == "auto" or {name for (name,) in found.fetchall()} == {"ZSTD"}
    ((setting,),) = connection.execute("SELECT current_setting('force_compression')").fetchall()
    assert str(setting).lower() == compression
    connection.close()


def test_readers_of_one_process_are_open_at_once_and_see_utc(tmp_path: Path) -> None:
    """Two readers share the file; times are UTC for both, and neither can change that."""
    _filled(tmp_path / "s.duckdb", 1)
    first, second = open_reader(tmp_path / "s.duckdb"), open_reader(tmp_path / "s.duckdb")
    for connection in (first, second):
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
        with pytest.raises(duckdb.Error, match="locked"):
            connection.execute("SET TimeZone = 'Europe/Berlin'")
    first.close()
    assert second.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
    second.close()


def test_a_path_with_a_quote_is_opened(tmp_path: Path) -> None:
    """The path is quoted in the SQL that attaches it."""
    path = tmp_path / "it's.duckdb"
    _filled(path, 2)
    connection = open_reader(path)
    assert connection.execute("SELECT count(*) FROM t").fetchall() == [(2,)]
    connection.close()
