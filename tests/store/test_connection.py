"""Opening the file: its format, what a reader is kept from, and a log that a power cut padded with zeros."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from otel_i2e.store.connection import ROW_GROUP_ROWS, STORAGE_VERSION, reader, writer

pytestmark = pytest.mark.usefixtures("schema_made_anew")


def _filled(path: Path, rows: int) -> None:
    with writer(path, compression="zstd") as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(?)", [rows])


def test_a_new_file_has_the_format_that_every_supported_duckdb_reads(tmp_path: Path) -> None:
    """The storage version is pinned, whatever the installed DuckDB would write."""
    _filled(tmp_path / "s.duckdb", 1)
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        ((tags,),) = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert tags["storage_version"].removesuffix("+") == STORAGE_VERSION


def test_no_progress_bar_is_drawn(tmp_path: Path) -> None:
    """A program without a file of its own is a person at a prompt to DuckDB; what it draws would stand in our JSON."""
    program = f"""
from pathlib import Path
from otel_i2e.store.connection import reader, writer
path = Path({str(tmp_path / "s.duckdb")!r})
for way in (lambda: writer(path, compression="auto"), lambda: reader(path)):
    with way() as connection:
        print(connection.execute("SELECT current_setting('enable_progress_bar')").fetchall())
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["[(False,)]"] * 2


def test_row_groups_are_small(tmp_path: Path) -> None:
    """A checkpoint rewrites row groups: they are bounded."""
    _filled(tmp_path / "s.duckdb", 3 * ROW_GROUP_ROWS)
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        groups = connection.execute("SELECT DISTINCT row_group_id FROM pragma_storage_info('t')").fetchall()
    assert len(groups) == 3


@pytest.mark.parametrize("compression", ["zstd", "auto"])
def test_text_is_compressed_as_asked(tmp_path: Path, compression: str) -> None:
    """`zstd` is used for long text when it is asked for, and DuckDB chooses otherwise."""
    with writer(tmp_path / "s.duckdb", compression=compression) as connection:
        connection.execute("CREATE TABLE t AS SELECT repeat(md5(range::VARCHAR), 100) AS a FROM range(3000)")
        connection.execute("CHECKPOINT")
        found = connection.execute("SELECT compression FROM pragma_storage_info('t') WHERE segment_type = 'VARCHAR'")
        assert compression == "auto" or {name for (name,) in found.fetchall()} == {"ZSTD"}
        ((setting,),) = connection.execute("SELECT current_setting('force_compression')").fetchall()
        assert str(setting).lower() == compression


def test_readers_of_one_process_are_open_at_once_and_see_utc(tmp_path: Path) -> None:
    """Two readers share the file; times are UTC for both, and neither can change that."""
    _filled(tmp_path / "s.duckdb", 1)
    with reader(tmp_path / "s.duckdb") as second:
        with reader(tmp_path / "s.duckdb") as first:
            for connection in (first, second):
                assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
                with pytest.raises(duckdb.Error, match="locked"):
                    connection.execute("SET TimeZone = 'Europe/Berlin'")
        assert second.execute("SELECT count(*) FROM t").fetchall() == [(1,)]


def test_a_path_with_a_quote_is_opened(tmp_path: Path) -> None:
    """The path is quoted in the SQL that attaches it."""
    path = tmp_path / "it's.duckdb"
    _filled(path, 2)
    with reader(path) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(2,)]


def test_an_instance_is_kept_and_the_file_is_not(tmp_path: Path) -> None:
    """The next lease of the same file takes the same instance; between the two, another process may open the file."""
    path = tmp_path / "s.duckdb"
    with writer(path, compression="zstd") as first:
        first.execute("CREATE TABLE t AS SELECT 1 AS a")
    code = f"import duckdb; duckdb.connect({str(path)!r}).execute('INSERT INTO t VALUES (2)')"
    subprocess.run([sys.executable, "-c", code], check=True)
    with writer(path, compression="zstd") as second:
        assert second is first
        assert second.execute("SELECT count(*) FROM t").fetchall() == [(2,)]
    with writer(tmp_path / "other.duckdb", compression="zstd") as third:
        assert third is not first
        assert third.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_after_an_error_nothing_is_kept(tmp_path: Path) -> None:
    """Whatever state it was left in, the file is closed and the next lease starts anew."""
    path = tmp_path / "s.duckdb"
    with pytest.raises(duckdb.Error, match="nothing"), writer(path, compression="zstd") as first:
        first.execute("BEGIN; CREATE TABLE t AS SELECT 1 AS a; SELECT nothing")
    with writer(path, compression="zstd") as second:
        assert second is not first
        assert second.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_kept_instance_has_no_threads_and_is_the_parents(tmp_path: Path) -> None:
    """A forked child starts one of its own, writes, and ends as it should."""
    path = tmp_path / "s.duckdb"
    code = (
        "import os, sys; from pathlib import Path; from otel_i2e.store.connection import writer, _left_behind\n"
        f"path = Path({str(path)!r})\n"
        "with writer(path, compression='zstd') as first: first.execute('CREATE TABLE t (a INT)')\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    with writer(path, compression='zstd') as own: own.execute('INSERT INTO t VALUES (1)')\n"
        "    assert own is not first and _left_behind == [first]\n"
        "    sys.exit(7)\n"
        "_, status = os.waitpid(child, 0)\n"
        "with writer(path, compression='zstd') as again:\n"
        "    assert again is first and again.execute('SELECT count(*) FROM t').fetchall() == [(1,)]\n"
        "sys.exit(os.waitstatus_to_exitcode(status))"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, timeout=60).returncode == 7


def test_an_instance_is_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory grows slowly: after some leases a new one is started."""
    monkeypatch.setattr("otel_i2e.store.connection._MOST_LEASES", 2)
    seen: list[duckdb.DuckDBPyConnection] = []
    for _ in range(3):
        with writer(tmp_path / "s.duckdb", compression="zstd") as connection:
            seen.append(connection)
    assert seen[1] is seen[0]
    assert seen[2] is not seen[1]
