"""`import otel_i2e.auto` against `import opentelemetry.sdk.trace`: the ratio of what the imports themselves take.

python tests/benchmarks/import_time.py [--rounds 25]

Each import runs in a new interpreter, in turn with the other and with one that imports nothing, whose
time is taken off both. CPU time (user and system) is the measure; wall time stands beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version

COMMANDS = {
    "nothing": "pass",
    "peer": "import opentelemetry.sdk.trace",
    "ours": "import otel_i2e.auto",
}


def seconds(code: str) -> tuple[float, float]:
    """CPU and wall seconds of one interpreter."""
    begun = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    assert status == 0, code
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun


def main() -> None:
    """Interleave the three and print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="rounds; medians count")
    rounds = parser.parse_args().rounds
    os.chdir(tempfile.mkdtemp())
    for code in COMMANDS.values():
        seconds(code)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, code in COMMANDS.items():
            spent[name].append(seconds(code))
    print(f"Python {platform.python_version()}, opentelemetry-sdk {version('opentelemetry-sdk')}, {rounds} rounds")
    for i, what in enumerate(("CPU", "wall")):
        nothing, peer, ours = (statistics.median(times[i] for times in spent[name]) * 1000 for name in COMMANDS)
        ratio = (ours - nothing) / (peer - nothing)
        target = " (target 1.5x)" if not i else ""
        figures = f"opentelemetry.sdk.trace {peer - nothing:.0f} ms, otel_i2e.auto {ours - nothing:.0f} ms"
        print(f"{what}: {figures}: {ratio:.2f}x{target}")


if __name__ == "__main__":
    main()
