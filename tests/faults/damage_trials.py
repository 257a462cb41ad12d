"""Damaged stores, one after another, each met by a process of its own: `damage_trials.py make|run FOLDER [N SEED]`.

`make` leaves a store whose last three of six batches are in the write-ahead log only, and prints where each ends there.
`run` damages copies of it, opens each as the command line and ingest do, and prints one JSON line for each.
A process of its own, because what is looked for is that it dies.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.errors import I2EError
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.testing.otlp import traces_request
from otel_i2e.workflows.ingest import ingest

STORE, LOG = "s.duckdb", "s.duckdb.wal"
ROWS = 40
LATER = "f" * 32
EVERY = "SELECT trace_id, count(*) AS n, max(length(input_text)) AS size FROM spans GROUP BY trace_id"


def _batch(number: int) -> list[Any]:
    luck = random.Random(number)
    texts = ["".join(luck.choices("abcdefghij klmnop", k=1200)) for _ in range(ROWS)]
    return [row_of(llm_span(t, trace_id=f"{number:032x}", span_id=f"{n:016x}")) for n, t in enumerate(texts)]


def make(folder: Path) -> None:
    """Ends in the middle of a lease, as `kill -9` would."""
    store, ends = Store(folder / STORE), list[int]()
    for number in range(3):
        with store.write() as writer:
            writer.add_spans(_batch(number))
    with store.write() as writer:
        connection = writer._connection
        connection.execute("SET checkpoint_threshold = '1GB'")  # as DuckDB does by itself: first into the log
        for number in range(3, 6):
            writer.add_spans(_batch(number))
            connection.execute("COMMIT")
            ends.append((folder / LOG).stat().st_size)
            connection.execute("BEGIN")
        print(json.dumps(ends), flush=True)
        os._exit(0)


def _damages(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str, int, bytes]]:
    """File, kind, place and the damaged bytes."""
    luck = random.Random(seed)
    for name in (LOG, STORE):
        whole = (folder / name).read_bytes()
        places = [*luck.sample(range(len(whole)), count)]
        if name == LOG:
            places += luck.sample(range(130), max(1, count // 4))  # the header, and the first frames
        for at in places:
            yield name, "cut", at, whole[:at]
            flipped = bytearray(whole)
            flipped[at] ^= luck.randrange(1, 256)
            yield name, "flip", at, bytes(flipped)
        yield name, "zero tail", len(whole), whole + bytes(5_000)
        at = len(whole) * 2 // 3
        yield name, "zeroed tail", at, whole[:at] + bytes(len(whole) - at)


def _read(folder: Path) -> dict[str, Any]:
    """As `i2e sql` does."""
    from otel_i2e.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["sql", EVERY, "--json", "--store", str(folder / STORE)])
        except SystemExit as ended:
            if ended.code:
                return {"error": err.getvalue()[-400:], "code": ended.code}
    rows: list[dict[str, Any]] = json.loads(out.getvalue())
    return {"rows": {row["trace_id"]: row["n"] for row in rows}}


def _ingest(folder: Path) -> dict[str, Any]:
    settings = Settings(store=str(folder / STORE), lock_timeout=5)
    spool = Spool(settings.spool_path)
    spool.put(traces_request([(LATER, "ab" * 8)]), items=1)
    try:
        ingest(settings, spool=spool)
    except I2EError as error:
        return {"error": str(error), "code": 2}
    finally:
        spool.close()
    return {}


def _trial(folder: Path, opener: str) -> dict[str, Any]:
    """The opener that meets the damage, then the others: ingest may need a second turn, as its loop gives it."""
    said = io.StringIO()
    logging.getLogger("otel_i2e").addHandler(logging.StreamHandler(said))
    met = _read(folder) if opener == "read" else _ingest(folder)
    tried = _ingest(folder) and _ingest(folder)
    after = _read(folder)
    parts = damaged_beside(folder / STORE)
    return {
        "met": met,
        "ingest": tried,
        "after": after,
        "aside": [[part.what, part.path.name, part.reason] for part in parts],
        "said": said.getvalue().count("damaged"),
        "kept": all(part.path.exists() for part in parts),
    }


def in_child(trial: Callable[[], dict[str, Any]], stderr: Path) -> dict[str, Any]:
    """What `trial` gives in a process of its own, with `signal`, `raised` and `seconds` of how it ended."""
    end, begin = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        signal.alarm(30)
        os.dup2(os.open(stderr, os.O_CREAT | os.O_WRONLY), 2)
        try:
            os.write(begin, json.dumps(trial()).encode())
        except BaseException as error:  # noqa: BLE001 -- whatever it is, it is a finding
            os.write(begin, json.dumps({"raised": repr(error)[:500]}).encode())
        os._exit(0)
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(data) if data else {}
    if os.WIFSIGNALED(status):
        found["signal"] = os.WTERMSIG(status)
    return {**found, "seconds": time.monotonic() - began}


def run(folder: Path, count: int, seed: int) -> None:
    """Every damage, met by reading and by ingest in turns."""
    for number, (name, kind, at, damaged) in enumerate(_damages(folder, count, seed)):
        copy = folder / "trial"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for part in (STORE, LOG):
            shutil.copy(folder / part, copy / part)
        (copy / name).write_bytes(damaged)
        opener = ("read", "ingest")[(number // 2) % 2]
        found = in_child(partial(_trial, copy, opener), copy / "stderr")
        print(json.dumps({"file": name, "kind": kind, "at": at, "opener": opener, **found}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        run(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
