"""Metrics of the real DeepEval and Ragas, as ours. Each package has an environment of its own: they weigh gigabytes.

`pytest tests/score/adapters/test_real_packages.py --full` makes the environments in pytest's cache, some minutes once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]
_PACKAGES = {
    "deepeval": ["deepeval==4.3.1"],
    "ragas": ["ragas==0.4.3", "langchain-community<0.4", "rapidfuzz>=3"],  # 0.4 of it left out what ragas imports
}
_QUIET = {"DEEPEVAL_TELEMETRY_OPT_OUT": "YES", "RAGAS_DO_NOT_TRACK": "true", "OPENAI_API_KEY": "none"}


def _python(package: str, request: pytest.FixtureRequest) -> str:
    """The interpreter of the package's environment, made when it is not there."""
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("adapters") / package
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "-e", str(_ROOT), *_PACKAGES[package]]
        subprocess.run(pip, check=True)
        (folder / "ready").touch()
    return str(python)


def _run(package: str, request: pytest.FixtureRequest, full: bool) -> dict[str, list[Any]]:
    if not full:
        pytest.skip("the real package runs with --full")
    command = [_python(package, request), "-W", "ignore", str(_HERE / "scripts" / f"real_{package}.py")]
    made = subprocess.run(command, env={**os.environ, **_QUIET}, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in made.stdout.splitlines() if line.startswith("[")]
    return {line[0]: line[1:] for line in lines}


@pytest.mark.xdist_group("real packages")
def test_metrics_of_the_real_deepeval(request: pytest.FixtureRequest, full: bool) -> None:
    """Its scores and its thresholds; without an expectation it is not asked."""
    assert _run("deepeval", request, full) == {
        "exact": ["scored", 1.0, True],
        "other": ["scored", 0.0, False],
        "pattern": ["scored", 1.0, True],
        "json": ["scored", 1.0, True],
        "no json": ["scored", 0.0, False],
        "nothing expected": ["not_applicable", None, None],
        "expected tools": [
            "refused",
            "deepeval ToolCorrectnessMetric needs expected_tools, which no span has",
            None,
        ],
    }


@pytest.mark.xdist_group("real packages")
def test_metrics_of_the_real_ragas(request: pytest.FixtureRequest, full: bool) -> None:
    """Those that take a sample and those that take arguments."""
    assert _run("ragas", request, full) == {
        "exact": ["scored", 1.0, True],
        "other": ["scored", 0.0, False],
        "similar": ["scored", pytest.approx(6 / 7), True],
        "by sample": ["scored", pytest.approx(6 / 7), False],
        "present": ["scored", 1.0, True],
        "nothing expected": ["not_applicable", None, None],
        "tool calls": ["refused", "ragas ToolCallAccuracy needs reference_tool_calls, which no span has", None],
    }
