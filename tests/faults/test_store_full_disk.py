"""A full disk is one clear error, and what was stored before, and after, is as it should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from otel_i2e.store import Store

pytest.importorskip("resource", reason="file sizes are limited by resource.setrlimit")

_WRITER = """
import resource, signal, sys
from otel_i2e.errors import StoreError
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from datetime import UTC, datetime

AT = datetime(2026, 11, 20, tzinfo=UTC)
def batch(number):
    return [
        row_of(llm_span(f"{number} {n} " + "".join(chr(97 + (n * 7 + i * i) % 26) for i in range(4000)),
                        trace_id=f"{number:032x}", span_id=f"{n:016x}",
                        start_time=AT))
        for n in range(200)
    ]

store = Store(sys.argv[1])
with store.write() as writer:
    writer.add_spans(batch(0))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = store.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
failed = []
for number in range(1, 40):
    try:
        with store.write() as writer:
            writer.add_spans(batch(number))
    except StoreError as error:
        failed.append(number)
        message = str(error)
        break
assert failed, "the disk was never full"
assert "\\n" not in message, message
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with store.write() as writer:
    for number in range(failed[0] + 1):
        writer.add_spans(batch(number))
print(failed[0], message)
"""


def test_writing_again_after_a_full_disk_repairs_everything(tmp_path: Path) -> None:
    """The outcome is unknown, so the same rows are written again: each is there once."""
    path = tmp_path / "s.duckdb"
    ran = subprocess.run(
        [sys.executable, "-c", _WRITER, str(path)], capture_output=True, text=True, timeout=240, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    last, _, message = ran.stdout.partition(" ")
    assert str(path) in message
    with Store(path).read() as reader:
        rows = reader.rows("SELECT count(*) AS n, count(DISTINCT (trace_id, span_id)) AS ids FROM spans")
    print(
        f"a file that cannot grow: one clear error, and {rows[0]['ids']:,} of {rows[0]['n']:,} rows once there is room"
    )
    assert rows == [{"n": (int(last) + 1) * 200, "ids": (int(last) + 1) * 200}]
