"""The version of another library's scorer, and of a class that a project wrote on top of one."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from sys import modules
from typing import Any

import pytest

from otel_i2e.score.adapters.identity import foreign_definition

METRIC = """
class Metric:
    most = 3
    def __init__(self, name): self.name = name
    def measure(self, case): return len(case) < self.most
"""


def _made(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder.mkdir()
    (folder / "metrics.py").write_text(text, encoding="utf-8")
    spec = spec_from_file_location("metrics", folder / "metrics.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(modules, "metrics", module)
    spec.loader.exec_module(module)
    return module.Metric("mine")


def test_a_metric_of_the_project_is_known_by_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its methods and constants are part of the version, as a scorer's are."""
    texts = [METRIC, METRIC, METRIC.replace("most = 3", "most = 4"), METRIC.replace("< self", "<= self")]
    found: list[str] = []
    for number, text in enumerate(texts):
        metric = _made(tmp_path / str(number), text, monkeypatch)
        found.append(foreign_definition(metric, 1.0).version)
    assert found[0] == found[1]
    assert len(set(found)) == 3
