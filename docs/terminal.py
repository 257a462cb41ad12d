"""Make docs/terminal.svg from a real run of `i2e demo` in a terminal of 100 columns: `python docs/terminal.py`.

Not on Windows, which has no pseudo-terminals.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("terminal.svg")
COLUMNS = 100


def recorded(command: list[str]) -> str:
    """What `command` writes to a terminal, colours included."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=subprocess.DEVNULL, env=env)
    os.close(terminal)
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(master)
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return b"".join(chunks).decode().replace("\r\n", "\n")


def picture(output: str) -> str:
    """The output as SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi("$ i2e demo\n" + output), soft_wrap=True)
    svg = console.export_svg(title="i2e demo", unique_id="i2e")
    return re.sub(r",\s*url\(\"https?://[^)]*\"\)\s*format\(\"\w+\"\)", "", svg)  # nobody's server is asked for a font


if __name__ == "__main__":
    PICTURE.write_text(picture(recorded([sys.executable, "-m", "otel_i2e", "demo", "--offline"])), encoding="utf-8")
