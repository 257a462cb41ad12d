"""The table of faults: each row of what may go wrong, what must hold then, and the figure that the tests saw.

`pytest tests/faults --figures` ends with it; `--full` makes the figures those of the full numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["ROWS", "Row", "fault_table"]

Lines = Sequence[str]


class Row(NamedTuple):
    """One fault."""

    fault: str
    must_hold: str
    suites: tuple[str, ...]
    """Names of test files, as the figures have them."""
    figure: Callable[[Lines], str]
    """What their lines come to."""


def _all(pattern: str) -> Callable[[Lines], str]:
    """What `pattern` finds in the lines, its first group if it has one, in one sentence."""
    found = re.compile(pattern)

    def figure(lines: Lines) -> str:
        matches = [match for line in lines if (match := found.search(line))]
        return "; ".join(dict.fromkeys(match[1] if found.groups else match[0] for match in matches))

    return figure


def _most(pattern: str, sentence: str) -> Callable[[Lines], str]:
    """The largest number that `pattern` finds, and in how many lines it found one."""

    def figure(lines: Lines) -> str:
        numbers = [float(match[1]) for line in lines if (match := re.search(pattern, line))]
        return sentence.format(most=max(numbers), n=len(numbers)) if numbers else ""

    return figure


def _doors(lines: Lines) -> str:
    return f"{sum('0 bytes left' in line for line in lines)} doors, {_all('[0-9]+ shapes.*')(lines)}"


_WRITES = r"^((?:receiver|ingest|capture), \w+ at (?:each of )?\d+ (?:of its )?writes|full file system|.*there is room)"

ROWS = (
    Row(
        "kill -9 of receiver, ingester, application under load",
        "0 acknowledged missing, 0 twice, restart ≤ 5 s",
        ("receiver killed", "store kill"),
        _all(r"^\d+ kills .*"),
    ),
    Row(
        "DuckDB file and log, spool: cut, flipped bytes, zero tail",
        "opens or is set aside loudly, 0 crash loops, repair explains",
        ("store damaged", "spool damaged"),
        _all(r"^\d+ damages .*"),
    ),
    Row(
        "disk full and I/O error at the n-th write",
        "503 upstream, no corruption, resumes by itself",
        ("disk faults", "store full disk"),
        _all(_WRITES),
    ),
    Row(
        "bombs, 20 MiB + 1, endless chunked body, lying Content-Length",
        "413, RSS growth < 64 MiB, other clients unaffected",
        ("receiver bodies",),
        _most(r"RSS grew ([\d.]+) MiB", "{n} attacks refused, RSS grew {most} MiB at most"),
    ),
    Row(
        "fuzzed bodies and headers",
        "only 2xx/4xx, 0 rows from bad ones",
        ("receiver fuzz",),
        _all(r"^[\d,]+ fuzzed [^;]*(?:; .*stored.*)?"),
    ),
    Row("OTLP/JSON spelling rules", "as the specification says", ("receiver spelling",), _all(r"^(\d+ × [^:(]+)")),
    Row("receiver stalls under load", "0 lost", ("receiver stalled",), _all(r".* lost$")),
    Row(
        "forks, SIGTERM, sys.exit, exceptions at exit, os._exit",
        "within the exit budget; loss only where stated",
        ("ends",),
        _all(r"^(\d+ (?:ends|forks) .*?lost[^,;(]*)"),
    ),
    Row("every batch twice, shuffled", "one row per span", ("receiver twice",), _all(r".*")),
    Row("slow clients, 1 byte/s", "healthy client p99 < 2×", ("receiver slow clients",), _all(r".*ratio.*")),
    Row(
        "bad Host, cross-site Origin, no and wrong token",
        "401/403 on every route × method",
        ("receiver guard",),
        _all(r"^(\d+ (?:requests|× gRPC).*)"),
    ),
    Row(
        "late, large and hostile spans",
        "stored or rejected with a counted reason, no crash",
        ("hostile spans",),
        _most(r"shown in ([\d.]+) s", "{n} kinds stored, each shown in {most} s at most"),
    ),
    Row(
        "texts that are slow to read",
        "time grows with size, not with its square",
        ("time of hostile values",),
        _most(r": ([\d.]+) times as long", "four times as large, {most} times as long at most"),
    ),
    Row(
        "secrets, by every door",
        "0 bytes in any file; a redactor that fails drops the value",
        ("secrets",),
        _doors,
    ),
)


def fault_table(lines: Sequence[tuple[str, str]]) -> list[str]:
    """One line for each row, from the figures (suite, line); empty when no suite of the table was run."""
    told: list[str] = []
    for number, row in enumerate(ROWS, 1):
        of_row = [line for suite, line in lines if suite in row.suites]
        failed = [line for line in of_row if line.startswith("FAILED")]
        state = "not run" if not of_row else "FAILED" if failed else "held"
        figure = failed[0].removeprefix("FAILED: ") if failed else row.figure(of_row) if of_row else ""
        told.append(f"{number:2}  {row.fault} ({row.must_hold}): {state}{': ' if figure else ''}{figure}")
    return told if any(suite in row.suites for suite, _ in lines for row in ROWS) else []
