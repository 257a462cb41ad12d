"""Where the demo plays: a folder, an environment, the agent's worker processes, and `i2e` commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from otel_i2e.demo.model import support_model
from otel_i2e.errors import I2EError
from otel_i2e.testing.messages_server import MessagesRequest, MessagesServer
from otel_i2e.testing.reply import Reply

__all__ = ["Narrator", "Serving", "Stage", "Visit", "environment"]

Visit = dict[str, Any]
"""A line of `customers.jsonl` with what came of it: `answer`, `happy`."""
_THINKING: Final = 0.25  # seconds that the local model takes for an answer
_NO_KEY: Final = "offline"  # what stands for a key where no key is needed
_REMEDY: Final = "check ANTHROPIC_API_KEY and the network, or play it without: i2e demo --offline"
_LONGEST_REASON: Final = 400
_NOT_OURS: Final = ("I2E_", "OTEL_", "GITHUB_")  # the user's own recording and CI are left alone


class Narrator(Protocol):
    """Who tells the story."""

    def title(self, text: str, notes: Sequence[str]) -> None:
        """What this is, and where it happens."""

    def chapter(self, title: str, text: str) -> None:
        """A new step, and what happens in it."""

    def source(self, lines: Sequence[str]) -> None:
        """Lines of a file, or of a difference between two."""

    def command(self, line: str, note: str) -> None:
        """A command that runs now."""

    def output(self, lines: Sequence[str]) -> None:
        """What it printed, or the part of it that matters here; tables as in a pipe, tabs between cells."""

    def exit_code(self, code: int, meaning: str) -> None:
        """How it ended, and what that means."""

    def end(self, lines: Sequence[str]) -> None:
        """What there is to do next."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Customers being served."""

    workers: Sequence[subprocess.Popen[str]]
    """The processes."""
    visits: list[Visit] = field(default_factory=list[Visit])
    """Those that are over, in order of their ends."""

    @property
    def over(self) -> bool:
        """Whether every process has ended."""
        return all(worker.poll() is not None for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Stage:
    """A project that is laid out, and how to run things in it."""

    folder: Path
    env: Mapping[str, str]
    tell: Narrator

    def i2e(self, *args: str, show: str = "", note: str = "", expect: Collection[int] = (0,)) -> int:
        """Run an `i2e` command and tell its output: the lines that match the pattern `show`, or all.

        Gives its exit code. Raises I2EError for one that the story does not expect.
        """
        command = " ".join(["i2e", *map(_quoted, args)])
        self.tell.command(command, note)
        done = subprocess.run(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "otel_i2e", *args],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            check=False,
        )
        lines = done.stdout.splitlines()
        if done.returncode not in expect:
            self.tell.output(lines)
            wanted = " or ".join(map(str, expect))
            raise I2EError(f"demo: {command} ended with {done.returncode}, not {wanted}; look into {self.folder}")
        self.tell.output([line for line in lines if re.search(show, line)])
        return done.returncode

    @contextmanager
    def serving(self, customers: Sequence[Visit], *, workers: int) -> Generator[Serving]:
        """Worker processes of the agent that serve `customers` while the block lasts, and are waited for at its end.

        Raises I2EError when a worker fails.
        """
        with ExitStack() as logs, ThreadPoolExecutor(workers) as pool:
            written = [logs.enter_context(self._log(first).open("w")) for first in range(workers)]
            serving = Serving([self._worker(customers[first::workers], written[first]) for first in range(workers)])
            reading = [pool.submit(_collect, worker, serving.visits) for worker in serving.workers]
            try:
                yield serving
                for done in reading:
                    done.result()
            except BaseException:
                for worker in serving.workers:
                    worker.kill()
                raise
            finally:
                failed = [worker.pid for worker in serving.workers if worker.wait()]
        if failed:
            remedy = "" if self.env.get("ANTHROPIC_API_KEY") == _NO_KEY else f"; {_REMEDY}"
            raise I2EError(f"demo: {len(failed)} of {workers} workers failed: {self._reason(workers)}{remedy}")

    def _log(self, number: int) -> Path:
        """What worker `number` writes: one file each, for what two write at once in one is mixed."""
        return self.folder / f"worker-{number + 1}.log"

    def _reason(self, workers: int) -> str:
        """The last error that a worker wrote, one line; its last line when none looks like an error."""
        log = "\n".join(self._log(one).read_text(encoding="utf-8", errors="replace") for one in range(workers))
        lines = [line.strip() for line in log.splitlines() if line.strip()] or ["it said nothing"]
        errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
        return (errors or lines)[-1][:_LONGEST_REASON]

    def _worker(self, customers: Sequence[Visit], log: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "agent.py", "--serve"]
        pipe = subprocess.PIPE
        worker = subprocess.Popen(  # noqa: S603 -- the agent that was laid out here
            command, cwd=self.folder, env=self.env, stdin=pipe, stdout=pipe, stderr=log, text=True, encoding="utf-8"
        )
        if worker.stdin is not None:
            with suppress(BrokenPipeError), worker.stdin as queue:
                queue.writelines(json.dumps(customer) + "\n" for customer in customers)
        return worker


def _quoted(arg: str) -> str:
    return f'"{arg}"' if " " in arg and '"' not in arg else shlex.quote(arg)


def _collect(worker: subprocess.Popen[str], visits: list[Visit]) -> None:
    if worker.stdout is not None:
        with worker.stdout as answers:
            visits.extend(json.loads(line) for line in answers)


@contextmanager
def environment(*, offline: bool) -> Generator[dict[str, str]]:
    """Variables for the demo's processes; while the block lasts, offline ones find the local Messages API."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    env["PYTHONIOENCODING"] = "utf-8"
    if not offline:
        yield env
        return
    env = {name: value for name, value in env.items() if not name.startswith("ANTHROPIC_")}
    with MessagesServer(_thinking) as server:
        yield {**env, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": _NO_KEY}


def _thinking(request: MessagesRequest) -> Reply:
    return support_model(request).slow(_THINKING)
