"""A process that ends while the background thread is inside DuckDB ends as the application wants, and silently."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_WORK = """
import threading
import duckdb
from otel_i2e.forks import fork_guard

busy = threading.Event()

def run(settings, stop):
    connection = duckdb.connect()
    while True:  # heeds nobody, as a thread under load seems to
        with fork_guard:
            busy.set()
            connection.execute("SELECT sum(i) FROM range(1000) t(i)").fetchall()
"""
_APP = """
import os, sys
os.environ["I2E_EXIT_TIMEOUT"] = "0.05"
from otel_i2e.capture import start
start(ingest="work:run")
import otel_i2e
with otel_i2e.span("step"):
    pass
import work
assert work.busy.wait(30)
sys.exit(7)
"""


def test_the_exit_code_is_the_applications(tmp_path: Path) -> None:
    """The interpreter is not torn down under a thread in C++, which would be `terminate called` and SIGABRT."""
    (tmp_path / "work.py").write_text(_WORK)
    (tmp_path / "app.py").write_text(_APP)
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 7, done.stderr
        assert "leaked" not in done.stderr, "what the thread held of DuckDB was let go of"
