"""An application that ends: `ending_app.py WAY`, or as many children as asked: `ending_app.py forks N "WAY;WAY"`.

Records and flushes `KEPT` spans, then records `LAST` more, and ends in that way. When the end began stands in its
output, as a line of JSON; in that of a parent, how long each way took its children at most, until they were reaped.
`ending_app.py stuck` ends while the disk takes what is written and does not return.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import struct
import sys
import threading
import time

from opentelemetry import trace

import otel_i2e.auto  # noqa: F401  # pyright: ignore[reportUnusedImport] -- records from here on
from otel_i2e.capture import recorder
from otel_i2e.spool import Spool

KEPT, LAST = 10, 5
tracer = trace.get_tracer("ending_app")


def record(name: str) -> None:
    """One span."""
    tracer.start_span(name).end()


def work(who: str) -> None:
    """What is flushed, and what is not."""
    for n in range(KEPT):
        record(f"{who} kept {n}")
    running = recorder()
    assert running is not None
    assert running.flush(30)
    for n in range(LAST):
        record(f"{who} last {n}")


def _never(*_: object, **__: object) -> None:
    time.sleep(600)


def _orderly(_number: int, _frame: object) -> None:
    sys.exit(0)


def end(way: str) -> None:
    """Returns where the end is that of the file."""
    if way == "sys.exit":
        sys.exit(3)
    if way == "an exception":
        raise RuntimeError("as asked")
    if way == "an exception at exit":
        atexit.register(lambda: 1 / 0)
    if way == "os._exit":
        os._exit(3)
    if way.startswith("SIGTERM"):
        if way.endswith("handled"):
            signal.signal(signal.SIGTERM, _orderly)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)


def forks(count: int, ways: list[str]) -> str | None:
    """In the parent, which is busy meanwhile, None; in a child its way to end."""
    slowest: dict[str, float] = dict.fromkeys(ways, 0.0)
    busy, ended = 0, threading.Event()

    def go_on() -> None:
        nonlocal busy
        while not ended.wait(0.001):
            record("parent last")
            busy += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    for n in range(count):
        way = ways[n % len(ways)]
        read, write = os.pipe()
        child = os.fork()
        if not child:
            work(f"{n} {way}")
            os.write(write, struct.pack("d", time.monotonic()))
            return way
        (began,) = struct.unpack("d", os.read(read, 8))
        os.waitpid(child, 0)
        slowest[way] = max(slowest[way], time.monotonic() - began)
        os.close(read)
        os.close(write)
    ended.set()
    thread.join()
    print(json.dumps({"slowest": slowest, "busy": busy}), flush=True)
    return None


def main(way: str, *more: str) -> None:
    """Work and end."""
    if way == "forks":
        mine = forks(int(more[0]), more[1].split(";"))
        return end(mine) if mine else None
    if way == "stuck":
        Spool.put = _never
        record("one")
    else:
        work(f"0 {way}")
    print(json.dumps({"began": time.monotonic()}), flush=True)
    return end(way)


if __name__ == "__main__":
    main(*sys.argv[1:])
