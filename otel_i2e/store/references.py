"""Which images and files the rows of a store refer to, in whatever table."""

from __future__ import annotations

from typing import Final

import duckdb

__all__ = ["blob_references"]

_COLUMNS: Final = """
SELECT c.table_name, c.column_name FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, table_name)
WHERE c.database_name = current_database()
  AND (c.data_type IN ('VARCHAR', 'JSON') OR c.data_type LIKE '%VARCHAR%' OR c.data_type LIKE '%JSON%')
ORDER BY ALL
"""
_DIGESTS: Final = """
SELECT DISTINCT unnest(regexp_extract_all("{column}"::VARCHAR, '[0-9a-f]{{64}}')) FROM "{table}"
WHERE contains("{column}"::VARCHAR, 'i2e-blob:') OR contains("{column}"::VARCHAR, 'sha256')
"""


def blob_references(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """SHA-256, in hex, of every blob that a row may refer to: as `i2e-blob:…`, or as `sha256` of a part."""
    found: set[str] = set()
    for table, column in connection.execute(_COLUMNS).fetchall():
        rows = connection.execute(_DIGESTS.format(table=table, column=column)).fetchall()
        found.update(str(digest) for (digest,) in rows)
    return found
