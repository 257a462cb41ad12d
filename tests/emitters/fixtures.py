"""Reads what `record.py` kept."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["Scenario", "about", "elsewhere", "emitters", "scenarios"]

FOLDER: Final = Path(__file__).parent / "fixtures"


class Scenario(NamedTuple):
    """One scenario of one emitter."""

    emitter: str
    name: str
    traces: bytes
    """An ExportTraceServiceRequest; empty when nothing was exported."""
    logs: bytes
    """An ExportLogsServiceRequest; empty when nothing was exported."""
    wire: list[dict[str, Any]]
    """What crossed the wire: see recorder.Recording."""


def emitters() -> list[str]:
    """Names of all emitters that were recorded."""
    return sorted(path.parent.name for path in FOLDER.glob("*/about.json"))


def about(emitter: str) -> dict[str, Any]:
    """`title`, `dialect` and `packages` of an emitter."""
    return json.loads((FOLDER / emitter / "about.json").read_text())


def elsewhere(emitter: str) -> set[str]:
    """Fields that an emitter puts on the span of something else than the call: `near` in `emitters.toml`."""
    return set(_table()["emitter"][emitter].get("near", ()))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((FOLDER.parent / "emitters.toml").read_text())


def scenarios(emitter: str) -> Iterator[Scenario]:
    """All scenarios of an emitter."""
    names = {path.name.split(".")[0] for path in (FOLDER / emitter).glob("*.wire.json*")}
    for name in sorted(names):
        base = FOLDER / emitter / name
        wire = json.loads(_read(base, "wire.json") or b"[]")
        yield Scenario(emitter, name, _read(base, "traces.pb"), _read(base, "logs.pb"), wire)


def _read(base: Path, kind: str) -> bytes:
    path = base.with_name(f"{base.name}.{kind}")
    zipped = path.with_name(path.name + ".gz")
    if zipped.exists():
        return gzip.decompress(zipped.read_bytes())
    return path.read_bytes() if path.exists() else b""
