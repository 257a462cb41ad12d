"""Four processes write while the command line reads in a loop: every span exactly once, no error shown to anyone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from otel_i2e.store import Store

_WRITER = """
import sys
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from datetime import UTC, datetime

AT = datetime(2026, 11, 20, tzinfo=UTC)
store, worker, leases = Store(sys.argv[1], lock_timeout=60), int(sys.argv[2]), int(sys.argv[3])
for lease in range(leases):
    own = [(worker, lease, number) for number in range(10)]
    shared = [(9, lease, number) for number in range(5)]  # what every worker sends, as a retry would
    spans = [
        llm_span(trace_id=f"{w:016x}{l:016x}", span_id=f"{n:016x}", start_time=AT)
        for w, l, n in own + shared
    ]
    with store.write() as writer:
        writer.add_spans([row_of(span) for span in spans])
"""
_I2E = "from otel_i2e.cli.main import main; main()"
_TIMEOUT = 240


def test_every_span_is_stored_exactly_once(tmp_path: Path, full: bool) -> None:
    """Whoever wrote it, and however often it was sent; every read succeeds and never sees fewer than before."""
    leases = 60 if full else 4
    store = Store(tmp_path / "s.duckdb")
    with store.write():
        pass
    command = [sys.executable, "-c", _WRITER, str(store.path)]
    writers = [
        subprocess.Popen([*command, str(worker), str(leases)], stderr=subprocess.PIPE, text=True) for worker in range(4)
    ]
    seen: list[int] = []
    while any(writer.poll() is None for writer in writers) or not seen:
        seen.append(_read(store.path))
    for writer in writers:
        _, errors = writer.communicate(timeout=_TIMEOUT)
        assert (writer.returncode, errors) == (0, "")
    assert seen == sorted(seen)
    with store.read() as reader:
        (row,) = reader.rows("SELECT count(*) AS n, count(DISTINCT (trace_id, span_id)) AS ids FROM spans")
    print(f"4 processes write, 1 reads {len(seen)} times: {row['n']} rows of {row['ids']} spans, no error to anyone")
    assert row == {"n": leases * (4 * 10 + 5), "ids": leases * (4 * 10 + 5)}


def _read(path: Path) -> int:
    ran = subprocess.run(
        [sys.executable, "-c", _I2E, "sql", "select count(*) as n from spans", "--csv"],
        env={**os.environ, "I2E_STORE": str(path), "I2E_LOCK_TIMEOUT": "60"},
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return int(ran.stdout.split()[1])
