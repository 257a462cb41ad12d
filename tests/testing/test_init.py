"""The public names of otel_i2e.testing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import otel_i2e.testing


def test_every_public_name_loads_and_is_documented() -> None:
    """`__all__` is sorted (constants, classes, functions) and each name has a docstring."""
    names = otel_i2e.testing.__all__
    assert names == sorted(names)
    for name in names:
        assert getattr(otel_i2e.testing, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy module fails like any other."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = otel_i2e.testing.Nothing  # pyright: ignore[reportUnknownVariableType, reportAttributeAccessIssue] -- the point


def test_a_server_alone_loads_neither_store_nor_sdk() -> None:
    """Scripted servers are usable where duckdb, pydantic and the SDK are not wanted."""
    code = (
        "import sys; from otel_i2e.testing import MessagesServer, Reply;"
        "print([name for name in ('duckdb', 'anthropic', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
