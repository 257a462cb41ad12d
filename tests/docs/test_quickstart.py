"""The quickstart does what it says, block after block."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"
SHIM = """#!/bin/sh
exec "{python}" -m otel_i2e "$@"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell")
def test_the_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """All shell blocks in one shell that stops at the first error; the last gate passes."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("i2e", SHIM), ("python", SHIM.replace("-m otel_i2e ", ""))):
        (tools / name).write_text(text.format(python=sys.executable))
        (tools / name).chmod(0o755)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "project").mkdir()
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path / "project",
        env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(blocks) == 4
    assert done.stdout.count("gate: pass") == 2
    assert "can-i-return-a-laptop-after-90-days is a test now" in done.stdout
