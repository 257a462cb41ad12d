"""SIGTERM without a handler: what was recorded is kept, and the application sees its signals as ever."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals of POSIX")

HEAD = """
import otel_i2e.auto, os, signal, sys, time
from opentelemetry import trace
tracer = trace.get_tracer("test")
def record(name):
    tracer.start_span(name).end()
def term(pid):
    os.kill(pid, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
recorder = otel_i2e.capture.recorder()
def written():
    record("first")
    assert recorder.flush(30)
"""
SLOW = {"I2E_FLUSH_INTERVAL": "1000", "I2E_EXIT_TIMEOUT": "20"}
"""But for the first item nothing reaches the spool without a flush, and a busy machine may take its time."""
KILL = "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)\n"
TERMINATED = -signal.SIGTERM


def _names(scripts: Any) -> list[str]:
    return sorted(span.name for span in scripts.spans())


def _run(scripts: Any, code: str, returns: int = 0, **environment: str) -> Any:
    result = scripts.run(HEAD + code, **(SLOW | environment))
    assert result.returncode == returns, result.stderr
    return result


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_that_is_left_loses_nothing(scripts: Any, method: str) -> None:
    """Leaving the block sends SIGTERM to the children."""
    _run(
        scripts,
        f"""
import multiprocessing
def work(n):
    record(f"{{n:02}}")
    time.sleep(0.005)
if __name__ == "__main__":
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        pool.map(work, range(40), chunksize=1)
""",
    )
    assert _names(scripts) == [f"{n:02}" for n in range(40)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_executor_loses_nothing(scripts: Any, method: str) -> None:
    """`concurrent.futures` ends its children in order."""
    _run(
        scripts,
        f"""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("{method}")) as pool:
        list(pool.map(record, [f"{{n:02}}" for n in range(20)]))
""",
    )
    assert _names(scripts) == [f"{n:02}" for n in range(20)]


def test_a_plain_script_keeps_its_spans_and_ends_by_the_signal(scripts: Any) -> None:
    """At once after the first span, and after many; nobody sees a handler."""
    seen = "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    _run(scripts, "record('only')\n" + seen + KILL, TERMINATED)
    _run(scripts, "written()\nfor n in range(300): record('later')\n" + KILL, TERMINATED)
    assert _names(scripts) == ["first", *["later"] * 300, "only"]


def test_a_main_thread_inside_c_does_not_hold_up_the_end(scripts: Any) -> None:
    """A handler in Python would wait for the query, which has no end."""
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    _run(
        scripts,
        f"""
import sqlite3, threading
record("one")
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
sqlite3.connect(":memory:").execute("{endless}").fetchall()
""",
        TERMINATED,
    )
    assert _names(scripts) == ["one"]


def test_a_stuck_disk_holds_up_the_end_for_the_timeout_only(scripts: Any) -> None:
    """The flush never returns; the process ends all the same, by the signal."""
    stuck = "from otel_i2e.spool import Spool\nSpool.put = lambda *args, **given: time.sleep(1000)\n"
    _run(scripts, stuck + "record('one')\n" + KILL, TERMINATED, I2E_EXIT_TIMEOUT="0.2")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_applications_handler_is_called_and_nothing_of_ours(scripts: Any, when: str) -> None:
    """Whenever it was set, and also once the process has forked."""
    handle = "signal.signal(signal.SIGTERM, lambda *_: (print('mine'), sys.exit(7)))\n"
    fork = "child = os.fork()\nif not child: os._exit(0)\nos.waitpid(child, 0)\n"
    code = handle + "written()\n" if when == "before" else "written()\n" + handle
    result = _run(scripts, code + "record('second')\n" + fork + KILL, 7)
    assert result.stdout == "mine\n"
    assert _names(scripts) == ["first", "second"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signal_that_is_ignored_stays_ignored(scripts: Any, when: str) -> None:
    """The process goes on."""
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    code = ignore + "written()\n" if when == "before" else "written()\n" + ignore
    _run(scripts, code + "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.3)\nrecord('alive')\n")
    assert _names(scripts) == ["alive", "first"]


def test_a_signal_that_is_waited_for_arrives_there(scripts: Any) -> None:
    """Blocked in the main thread, SIGTERM is taken with `sigwait`."""
    _run(
        scripts,
        """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
record("one")
if os.path.exists("/proc/self/status"):
    caught = next(line for line in open("/proc/self/status") if line.startswith("SigCgt"))
    assert not int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1
os.kill(os.getpid(), signal.SIGTERM)
assert signal.sigwait([signal.SIGTERM]) == signal.SIGTERM
""",
    )
    assert _names(scripts) == ["one"]


def test_children_of_a_preloaded_parent_end_for_themselves(scripts: Any) -> None:
    """Neither the child that recorded nor the one that did not takes its parent along; the parent is kept as well."""
    _run(
        scripts,
        f"""
def child(name):
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        assert os.read(told, 1)
        return pid
    if name: record(name)
    os.write(tell, b"x")
    time.sleep(60)
written()
assert term(child("")) == {TERMINATED}
record("parent")
assert term(child("child 1")) == {TERMINATED}
one, two = child("child 2"), child("child 3")
assert [term(one), term(two)] == [{TERMINATED}] * 2
time.sleep(0.3)  # had a child's end been announced here, this process would end now
record("parent")
{KILL}""",
        TERMINATED,
    )
    assert _names(scripts) == ["child 1", "child 2", "child 3", "first", "parent", "parent"]


def test_a_child_that_is_ended_at_birth_leaves_its_parent_alone(scripts: Any) -> None:
    """A pool may be left while its children are still being born: they share the parent's pipe at that moment."""
    early = "import os\nos.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), 15))\n"
    result = scripts.run(
        early
        + HEAD
        + f"""
written()
codes = []
for _ in range(2):
    child = os.fork()
    if not child: time.sleep(60)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert codes == [{TERMINATED}] * 2
time.sleep(0.3)
record("alive")
"""
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["alive", "first"]


def test_nothing_is_caught_once_the_interpreter_ends(scripts: Any) -> None:
    """Whatever runs after our own exit is ended by the signal at once: no thread is left to send it again."""
    _run(
        scripts,
        """
from otel_i2e.spool import Spool
record("one")
sys.modules["otel_i2e.capture.install"]._leave()
Spool.put = lambda *args, **given: time.sleep(1000)
record("two")
"""
        + KILL,
        TERMINATED,
        I2E_EXIT_TIMEOUT="1000",
    )
    assert _names(scripts) == ["one"]
