"""As `damage_trials.py`, for the spool's SQLite file and its write-ahead log.

`make` leaves 30 requests, of which the last 15 are in the log only, and prints which trace ends where in the log.
"""

from __future__ import annotations

import io
import json
import logging
import os
import random
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from damage_trials import in_child

from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.errors import I2EError
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing.otlp import traces_request
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.status import status

SPOOL = "s.duckdb.spool"
LOG = SPOOL + "-wal"
INDEX = SPOOL + "-shm"
REQUESTS = 30
LATER = "f" * 32


def _request(number: int) -> bytes:
    """Most take a page of their own; every fifth goes over many."""
    size = 40_000 if number % 5 == 0 else 2_500
    return traces_request([(f"{number + 1:032x}", "ab" * 8)], content=random.Random(number).randbytes(size // 2).hex())


def make(folder: Path) -> None:
    """Ends as `kill -9` would."""
    spool = Spool(folder / SPOOL)
    for number in range(REQUESTS // 2):
        spool.put(_request(number))
    spool.close()
    ends: list[int] = []
    for number in range(REQUESTS // 2, REQUESTS):
        spool.put(_request(number))
        ends.append((folder / LOG).stat().st_size)
    print(json.dumps(ends), flush=True)
    os._exit(0)


def _damages(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str, int, bytes]]:
    luck = random.Random(seed)
    for name in (LOG, SPOOL):
        whole = (folder / name).read_bytes()
        heads = 4096 if name == SPOOL else 120
        for at in [*luck.sample(range(len(whole)), count), *luck.sample(range(heads), max(1, count // 3))]:
            flipped = bytearray(whole)
            flipped[at] ^= luck.randrange(1, 256)
            yield name, "flip", at, bytes(flipped)
            yield name, "cut", at, whole[:at]
        yield name, "zero tail", len(whole), whole + bytes(9_000)
        at = len(whole) * 2 // 3
        yield name, "zeroed tail", at, whole[:at] + bytes(len(whole) - at)


def _meet(folder: Path, opener: str) -> str:
    """The first to use the damaged spool; the error that it shows."""
    settings = Settings(store=str(folder / "s.duckdb"), lock_timeout=5)
    try:
        if opener == "status":
            status(settings)
        elif opener == "ingest":
            ingest(settings)
        elif opener == "receiver":
            spool = Spool(settings.spool_path)
            spool.put(traces_request([(LATER, "cd" * 8)]))
            spool.close()
        else:
            recorder = Recorder(settings)
            recorder.note("dropped", "in a trial", 1)
            recorder.flush()
            recorder.close()
    except I2EError as error:
        return str(error)
    return ""


def _trial(folder: Path, opener: str) -> dict[str, Any]:
    said = io.StringIO()
    logging.getLogger("otel_i2e").addHandler(logging.StreamHandler(said))
    settings = Settings(store=str(folder / "s.duckdb"), lock_timeout=5)
    met = _meet(folder, opener)
    after = _meet(folder, "receiver") and _meet(folder, "receiver")
    tried = _meet(folder, "ingest") and _meet(folder, "ingest")  # its loop gives it a second turn, too
    with Store.of(settings).read() as reader:
        rows = [row["trace_id"] for row in reader.rows("SELECT trace_id FROM span_rows")]
    spool = Spool(settings.spool_path)
    left, counters = spool.stats().batches, spool.counters()
    spool.close()
    parts = damaged_beside(folder / "s.duckdb")
    return {
        "met": met,
        "after": after,
        "ingest": tried,
        "left": left,
        "traces": sorted({int(row, 16) - 1 for row in rows if row != LATER}),
        "later": LATER in rows,
        "twice": len(rows) - len(set(rows)),
        "rejected": sum(n for (counter, _), n in counters.items() if counter == "rejected"),
        "aside": [[part.what, part.path.name, part.reason, part.saved] for part in parts],
        "said": said.getvalue().count("damaged"),
        "kept": all(part.path.exists() for part in parts),
    }


def run(folder: Path, count: int, seed: int) -> None:
    """Every damage, met by each opener in turn."""
    openers = ("receiver", "ingest", "app", "status")
    for number, (name, kind, at, damaged) in enumerate(_damages(folder, count, seed)):
        copy = folder / "trial"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for part in (SPOOL, LOG, INDEX):
            shutil.copy(folder / part, copy / part)
        (copy / name).write_bytes(damaged)
        opener = openers[(number // 2) % 4]
        trial = {"file": name, "kind": kind, "at": at, "opener": opener}
        print(json.dumps({**trial, **in_child(partial(_trial, copy, opener), copy / "stderr")}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        run(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
