"""Fixtures that every test may use."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("i2e", deadline=None)  # a busy machine is no failure
settings.load_profile("i2e")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register `--full` and `--figures`."""
    parser.addoption("--full", action="store_true", help="Run the full version of slow suites.")
    parser.addoption("--figures", action="store_true", help="Print what passed tests measured, as one table.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """With `--figures`: test → the lines that it printed. `pytest tests/faults --full --figures` is the fault table."""
    if not config.getoption("--figures"):
        return
    terminalreporter.section("figures")
    for report in terminalreporter.getreports("passed"):
        if lines := [line for line in report.capstdout.splitlines() if line.strip()]:
            terminalreporter.write_line(f"{report.nodeid.rpartition('/')[2]}")
            for line in lines:
                terminalreporter.write_line(f"    {line}")


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether `--full` was given: slow suites then run their whole range."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """No test reads the developer's own settings or keys."""
    import os

    for name in list(os.environ):
        if name.startswith(("I2E_", "OTEL_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
