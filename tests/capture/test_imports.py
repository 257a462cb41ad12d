"""Hooks on imports: run once, after the module, and never in its way."""

from __future__ import annotations

import sys
from importlib import import_module, invalidate_caches, reload
from pathlib import Path
from types import ModuleType

import pytest

from otel_i2e.capture.imports import when_imported


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that nobody has imported; `thing` is a module of it."""
    name = f"hooked_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("LOADER = __spec__.loader\n")
    (tmp_path / name / "thing.py").write_text("VALUE = 1\nLOADED_BY = __loader__\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    invalidate_caches()
    return name


def test_a_hook_runs_when_the_module_is_imported(package: str) -> None:
    """After its code ran, once, and not before; every hook of a module runs."""
    seen: list[int] = []
    when_imported(f"{package}.thing", lambda module: seen.append(module.VALUE))
    when_imported(f"{package}.thing", lambda module: seen.append(module.VALUE + 1))
    import_module(package)
    assert seen == []
    thing = import_module(f"{package}.thing")
    reload(thing)
    assert seen == [1, 2]


def test_a_hook_on_a_loaded_module_runs_at_once() -> None:
    """The application imported it before us."""
    seen: list[ModuleType] = []
    when_imported("json", seen.append)
    assert seen == [sys.modules["json"]]


def test_the_module_looks_as_if_nobody_had_hooked_it(package: str) -> None:
    """Its loader is the one it would have had."""
    when_imported(package, lambda _: None)
    module = import_module(package)
    assert type(module.LOADER).__name__ == "SourceFileLoader"
    assert module.__loader__ is module.LOADER
    assert module.__spec__ is not None
    assert module.__spec__.loader is module.LOADER
    assert module.__file__ is not None


def test_a_hook_that_raises_does_not_fail_the_import(package: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with the module's name."""
    when_imported(package, lambda module: module.missing)
    assert import_module(package)
    assert package in caplog.text


def test_a_module_that_is_missing_or_broken_fails_as_ever(package: str, tmp_path: Path) -> None:
    """The errors are the ones that the application expects."""
    (tmp_path / package / "broken.py").write_text("1 / 0\n")
    for name, error in ((f"{package}.broken", ZeroDivisionError), (f"{package}.nowhere", ModuleNotFoundError)):
        when_imported(name, lambda _: pytest.fail("it was not imported"))
        with pytest.raises(error):
            import_module(name)
