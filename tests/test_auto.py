"""`import otel_i2e.auto`: light, quiet but for one line, and enough."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "_duckdb",
    "anthropic",
    "asyncio",
    "click",
    "duckdb",
    "fastapi",
    "flask",
    "genai_prices",
    "google.protobuf",
    "grpc",
    "httpx2",
    "numpy",
    "openai",
    "opentelemetry.exporter",
    "orjson",
    "pyarrow",
    "pydantic",
    "requests",
    "rich",
    "sqlite3",
    "starlette",
    "uvicorn",
}


def _run(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
    return subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=folder, env=given, capture_output=True, text=True, timeout=60
    )


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    """No database, no model SDK, no web framework, no protobuf, no thread: an application starts as fast as before."""
    result = _run(
        "import sys, threading, otel_i2e.auto; print(*sys.modules); assert threading.active_count() == 1", tmp_path
    )
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert {name for name in HEAVY if name in loaded} == set()
    assert "otel_i2e.auto" in loaded


def test_importing_writes_nothing(tmp_path: Path) -> None:
    """A store appears with the first span."""
    assert _run("import otel_i2e.auto", tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_span_lands_where_the_settings_say(tmp_path: Path) -> None:
    """By a file, by a variable that wins over it, or in `.i2e/` by default."""
    code = "import otel_i2e.auto, otel_i2e\nwith otel_i2e.span('one'): pass\n"
    for environment, place in (({}, ".i2e/i2e.duckdb"), ({"I2E_STORE": "given.duckdb"}, "given.duckdb")):
        assert _run(code, tmp_path, I2E_INGEST="off", **environment).returncode == 0
        assert (tmp_path / f"{place}.spool").exists()
    (tmp_path / "i2e.toml").write_text('store = "filed.duckdb"\ningest = "off"\n')
    assert _run(code, tmp_path).returncode == 0
    assert (tmp_path / "filed.duckdb.spool").exists()


def test_a_bad_setting_is_one_line_and_the_application_runs(tmp_path: Path) -> None:
    """Nothing is recorded, nothing raised."""
    (tmp_path / "i2e.toml").write_text('capture = "everything"\n')
    code = "import otel_i2e.auto, otel_i2e\nwith otel_i2e.span('one'): print('fine')\n"
    result = _run(code, tmp_path)
    assert (result.returncode, result.stdout) == (0, "fine\n")
    [line] = result.stderr.splitlines()
    assert "i2e.toml" in line
    assert "'everything'" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["i2e.toml"]
