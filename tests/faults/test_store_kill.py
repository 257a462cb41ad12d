"""A writer that is killed in the middle loses nothing that it was told is stored, and breaks nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from otel_i2e.store import Store

_WRITER = """
import sys
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of

store, batch = Store(sys.argv[1]), int(sys.argv[2])
while True:
    spans = [llm_span("q" * 3000, trace_id=f"{batch:032x}", span_id=f"{n:016x}") for n in range(50)]
    with store.write() as writer:
        writer.add_spans([row_of(span) for span in spans])
    print(batch, flush=True)
    batch += 1
"""
_EVERY_BATCH = "SELECT trace_id, count(*) AS n FROM spans GROUP BY trace_id"


def test_kill_nine(tmp_path: Path, full: bool) -> None:
    """Round after round on one file: every acknowledged batch is there, and every batch is whole."""
    store = Store(tmp_path / "s.duckdb")
    chance = random.Random(20261120)
    acknowledged: set[int] = set()
    begin = 0
    rounds = 30 if full else 4
    for _ in range(rounds):
        command = [sys.executable, "-c", _WRITER, str(store.path), str(begin)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randint(1, 3)):
                line = process.stdout.readline()
                assert line, "the writer ended by itself"
                acknowledged.add(int(line))
            time.sleep(chance.uniform(0, 0.15))  # to hit it anywhere: inserting, committing, closing
            process.kill()
            acknowledged |= {int(line) for line in process.stdout.read().split()}
        with store.read() as reader:
            stored = {int(row["trace_id"], 16): row["n"] for row in reader.rows(_EVERY_BATCH)}
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {50}
        begin = max(stored) + 1
    print(f"{rounds} kills of a writer: {50 * len(acknowledged):,} rows acknowledged, 0 missing, 0 batches in part")
