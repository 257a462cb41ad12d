"""`i2e --help` against `python -c "import click"`: the ratio of whole-process wall time.

python tests/benchmarks/cli_start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
OURS = [sys.executable, "-c", "from otel_i2e.cli.main import main; main(['--help'])"]
PEER = [sys.executable, "-c", "import click"]


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Run both in turn and print the median of the pairwise ratios."""
    for command in (OURS, PEER):  # once, for the disk cache
        _seconds(command)
    ratios = [_seconds(OURS) / _seconds(PEER) for _ in range(ROUNDS)]
    print(f"i2e --help / import click: {statistics.median(ratios):.2f}x (target 3x, {ROUNDS} pairs)")


if __name__ == "__main__":
    main()
