"""Bytes on disk for one LLM span, against the same public rows in DuckDB with default settings.

    python tests/benchmarks/bytes_per_span.py [--spans 20000] [--batch 500]

Spans of about 5 KB, from OTLP as the Anthropic SDK sends it, are normalized and written in leases of
`--batch`. The peer is one plain table of a DuckDB file made with default settings, filled in one statement
with the rows of our view `spans`, all columns; for each compression setting of ours (target 0.5x of the peer
for `zstd`).
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from pathlib import Path

import duckdb
from ingest_cpu import request

from otel_i2e.normalize import decode_traces, normalize_span
from otel_i2e.store import Store

TARGET = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=20_000, help="spans")
    parser.add_argument("--batch", type=int, default=500, help="spans in a write lease")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = {kind: ours(Path(folder) / f"{kind}.duckdb", kind, given) for kind in ("zstd", "auto")}
        peer = plain(Path(folder) / "plain.duckdb", Path(folder) / "zstd.duckdb")
    print(f"DuckDB {duckdb.__version__}, {given.spans:,} spans in leases of {given.batch}")
    print(f"  DuckDB, default settings      {peer / given.spans:8,.0f} bytes/span")
    for kind, size in sizes.items():
        print(f"  otel-i2e, compression {kind:6} {size / given.spans:10,.0f} bytes/span {size / peer:6.2f}x")
    print(f"target: zstd at most {TARGET}x")


def ours(path: Path, compression: str, given: argparse.Namespace) -> int:
    """Size of a store."""
    store, rng = Store(path, compression=compression), random.Random(7)
    for start in range(0, given.spans, given.batch):
        raws = decode_traces(request(rng, start, min(given.batch, given.spans - start)), "protobuf")
        with store.write() as writer:
            writer.add_spans([normalize_span(raw) for raw in raws])
    return path.stat().st_size


def plain(path: Path, store: Path) -> int:
    """Size of a plain table with the same rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"ATTACH '{store}' AS ours (READ_ONLY)")
        connection.execute("CREATE TABLE spans AS SELECT * FROM ours.spans")
    return os.stat(path).st_size


if __name__ == "__main__":
    main()
