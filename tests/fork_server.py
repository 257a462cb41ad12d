"""Runs `i2e` in processes of their own, forked from this one, which has imported it: a command starts in milliseconds.

Each line of stdin is a request in JSON: arguments, cwd, env, timeout in seconds, and a path for each stream of the
command. Its answer is one line, the exit code. What is measured is the start, or signals, wants a new interpreter.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

from otel_i2e.cli.main import main

_IMPORTED_ONCE = (
    *("capture.logs", "cli.eval", "cli.gate", "cli.label", "gate.reports", "judge"),
    *("workflows.drift", "workflows.evaluation", "workflows.gating", "workflows.scoring"),
)


def _next_command() -> dict[str, Any]:
    """The request, in a process that was forked for it; the one that forks leaves with the last line."""
    while line := sys.stdin.readline():
        request = json.loads(line)
        child = os.fork()
        if not child:
            return request
        print(_exit_code(child, request["timeout"]), flush=True)
    os._exit(0)


def _exit_code(child: int, timeout: int) -> int:
    """Of the child, once it has ended; it is killed after `timeout` seconds."""

    def kill(_number: int, _frame: object) -> None:
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.alarm(timeout)
    _, status = os.waitpid(child, 0)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return os.waitstatus_to_exitcode(status)


def _become(request: dict[str, Any]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    flags = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)
    for number, (path, flag) in enumerate(zip(request["streams"], flags, strict=True)):
        opened = os.open(path, flag)
        os.dup2(opened, number)
        os.close(opened)


for _name in _IMPORTED_ONCE:
    import_module(f"otel_i2e.{_name}")
gc.freeze()  # or each child would copy and collect what it has from here
_request = _next_command()
_become(_request)
main(_request["arguments"])
