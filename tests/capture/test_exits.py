"""Bad days: however a process ends or multiplies, what was recorded is there once, and nobody waits for us."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals of POSIX")

HEAD = """
import otel_i2e.auto, os, sys, time
from opentelemetry import trace
tracer = trace.get_tracer("test")
def record(name):
    tracer.start_span(name).end()
"""
SLOW = {"I2E_FLUSH_INTERVAL": "1000"}  # nothing reaches the spool but by a flush


def _names(scripts: Any) -> list[str]:
    return sorted(span.name for span in scripts.spans())


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise RuntimeError('boom')", 1),
        ("import atexit; atexit.register(lambda: 1 / 0)", 0),
        ("import atexit; atexit.register(lambda: record('at exit'))", 0),
        ("import threading; threading.Thread(target=lambda: (time.sleep(0.1), record('late'))).start()", 0),
    ],
    ids=["end", "exit", "exception", "broken_atexit", "span_at_exit", "thread_outlives_main"],
)
def test_an_orderly_end_loses_nothing(scripts: Any, ending: str, code: int) -> None:
    """The exit code is the application's own, and every span is in the spool."""
    result = scripts.run(f"{HEAD}\nrecord('one')\n{ending}\n", **SLOW)
    assert result.returncode == code, result.stderr
    assert _names(scripts) == sorted(["one", *(name for name in ("at exit", "late") if name in ending)])


def test_a_provider_that_does_not_end_by_itself_loses_nothing(scripts: Any) -> None:
    """Our own exit flushes: an application's provider may not shut down on exit."""
    result = scripts.run(
        HEAD
        + """
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
record("one")
""",
        **SLOW,
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["one"]


def test_sigterm_with_a_handler_loses_nothing(scripts: Any) -> None:
    """Servers turn SIGTERM into an orderly end."""
    process = scripts.start(
        HEAD + "import signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "record('one')\nprint('ready', flush=True)\ntime.sleep(60)\n",
        **SLOW,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert _names(scripts) == ["one"]


def test_a_killed_process_loses_only_what_was_not_flushed(scripts: Any) -> None:
    """What was acknowledged is there, whole, and the spool works."""
    process = scripts.start(
        HEAD + "for i in range(50): record(f'kept {i}')\nassert otel_i2e.capture.recorder().flush(30)\n"
        "record('lost')\nprint('ready', flush=True)\ntime.sleep(60)\n",
        **SLOW,
    )
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.communicate(timeout=30)
    assert _names(scripts) == sorted(f"kept {i}" for i in range(50))
    scripts.run(HEAD + "record('next')")
    assert len(_names(scripts)) == 51


def test_an_end_is_not_held_up_by_a_stuck_disk(scripts: Any) -> None:
    """`exit_timeout` bounds the wait, however many providers flush."""
    result = scripts.run(
        HEAD
        + """
from otel_i2e.spool import Spool
Spool.put = lambda *args, **kwargs: time.sleep(60)
record("one")
begun = time.monotonic()
import atexit
""",
        I2E_EXIT_TIMEOUT="0.3",
    )
    assert result.returncode == 0, result.stderr
    assert "not flushed at exit" in result.stderr


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_multiprocessing_lose_nothing(scripts: Any, method: str) -> None:
    """They skip `atexit`; their spans are there all the same, once, and so are the parent's."""
    result = scripts.run(
        HEAD
        + f"""
import multiprocessing
def child(n):
    record(f"child {{n}}")
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    record("before")
    children = [context.Process(target=child, args=(n,)) for n in range(3)]
    [one.start() for one in children]
    record("after")
    [one.join() for one in children]
    assert [one.exitcode for one in children] == [0, 0, 0]
""",
        **SLOW,
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["after", "before", "child 0", "child 1", "child 2"]


def test_forks_in_a_row_neither_lose_nor_double(scripts: Any, full: bool) -> None:
    """A busy parent forks; each child begins empty, with a thread and a connection of its own."""
    forks = 100 if full else 10
    result = scripts.run(
        HEAD
        + f"""
import threading
stop = threading.Event()
count = [0, 0]
def busy(mine):
    while not stop.is_set():
        record("busy")
        count[mine] += 1
        time.sleep(0.0005)
threads = [threading.Thread(target=busy, args=(mine,)) for mine in range(2)]
[thread.start() for thread in threads]
children = []
for n in range({forks}):
    record(f"parent {{n}}")
    child = os.fork()
    if not child:
        record(f"child {{n}}")
        ok = otel_i2e.capture.recorder().flush(30)
        os._exit(0 if ok else 1)
    children.append(child)
    time.sleep(0.01)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
stop.set()
[thread.join() for thread in threads]
assert not any(codes), codes
print(sum(count))
""",
        I2E_FLUSH_INTERVAL="0.01",
    )
    assert result.returncode == 0, result.stderr
    names = _names(scripts)
    assert len({span.span_id for span in scripts.spans()}) == len(names), "a span was recorded twice"
    assert names.count("busy") == int(result.stdout)
    for who in ("parent", "child"):
        assert [name for name in names if name.startswith(who)] == sorted(f"{who} {n}" for n in range(forks))


def test_a_child_goes_on_writing_after_its_parent_ended(scripts: Any) -> None:
    """A program that becomes a daemon: the parent ends while the child has the spool open."""
    process = scripts.start(
        HEAD
        + """
record("parent")
recorder = otel_i2e.capture.recorder()
assert recorder.flush(30)
told, tell = os.pipe()
parent = os.getpid()
if not os.fork():
    record("child 1")
    assert recorder.flush(30)
    os.write(tell, b"x")
    while os.getppid() == parent:
        time.sleep(0.005)
    record("child 2")
    assert recorder.flush(30)
    print("done", flush=True)
    os._exit(0)
assert os.read(told, 1)
recorder.close()
""",
        **SLOW,
    )
    out, err = process.communicate(timeout=60)
    assert out == "done\n", err
    assert _names(scripts) == ["child 1", "child 2", "parent"]


def test_a_forked_child_that_ends_in_order_writes_its_own(scripts: Any) -> None:
    """Its exit flushes the child's spans, not the parent's again."""
    result = scripts.run(
        HEAD
        + """
record("parent")
child = os.fork()
record("child" if not child else "parent 2")
if child:
    os.waitpid(child, 0)
""",
        **SLOW,
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["child", "parent", "parent 2"]


GUNICORN_APP = """
import otel_i2e.auto, os
from opentelemetry import trace
trace.get_tracer("test").start_span("preload").end()
def app(environ, start_response):
    trace.get_tracer("test").start_span("request", attributes={"pid": os.getpid()}).end()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def test_gunicorn_with_preload_records_in_every_worker(scripts: Any) -> None:
    """The application is loaded in the master and forked; SIGTERM loses nothing."""
    pytest.importorskip("gunicorn", reason="gunicorn is not installed")
    (scripts.folder / "served.py").write_text(GUNICORN_APP)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = scripts.start(
        "import sys\nfrom gunicorn.app.wsgiapp import run\n"
        f"sys.argv = ['gunicorn', '--preload', '-w', '2', '-b', '127.0.0.1:{port}', 'served:app']\nrun()\n",
        **SLOW,
    )
    try:
        requests = _requests(port, 12)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    names = _names(scripts)
    assert names.count("preload") == 1, err
    assert names.count("request") == requests, err


def _requests(port: int, n: int) -> int:
    """Send `n` requests, waiting for the server to come up; how many were answered."""
    deadline, answered = time.monotonic() + 30, 0
    while answered < n:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
                answered += response.status == 200
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return answered


def _tiny_disk(folder: Path) -> bool:
    """Mount a disk of 1 MiB at `folder`, where this user may."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    return shutil.which("mount") is not None and not subprocess.run(mount, capture_output=True, check=False).returncode


def test_a_full_disk_costs_spans_and_nothing_else(scripts: Any, tmp_path: Path) -> None:
    """The application ends with its own code, in time; the loss is said once."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _tiny_disk(disk):
        pytest.skip("this user cannot mount a small disk")
    try:
        result = scripts.run(
            HEAD
            + """
for n in range(400):
    tracer.start_span("big", attributes={"text": os.urandom(20_000).hex()}).end()
    if n % 40 == 0: otel_i2e.capture.recorder().flush(30)
sys.exit(5)
""",
            I2E_STORE=str(disk / "i2e.duckdb"),
        )
        assert result.returncode == 5, result.stderr
        assert "disk error" in result.stderr or "spool full" in result.stderr
        assert result.stderr.count("dropped") == 1
        assert "Traceback" not in result.stderr
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_directory_that_cannot_be_made_costs_spans_and_nothing_else(scripts: Any) -> None:
    """The store's directory is in a place where nothing can be written."""
    result = scripts.run(HEAD + "record('one')\nsys.exit(5)", I2E_STORE="/proc/nowhere/i2e.duckdb")
    assert result.returncode == 5, result.stderr
    assert "disk error" in result.stderr
    assert "Traceback" not in result.stderr
