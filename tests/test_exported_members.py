"""The public names: listed, sorted, documented, and loaded only when they are used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import otel_i2e


def test_the_list_of_names_is_sorted_and_complete() -> None:
    """What is listed exists; what is public and loaded is listed."""
    assert otel_i2e.__all__ == sorted(otel_i2e.__all__)
    assert set(otel_i2e.__all__) == set(otel_i2e._HOMES)
    assert set(otel_i2e.__all__) <= set(dir(otel_i2e))


@pytest.mark.parametrize("name", otel_i2e.__all__)
def test_every_name_is_what_its_home_defines_and_documented(name: str) -> None:
    """The same object, with a docstring of its own."""
    value = getattr(otel_i2e, name)
    assert value is getattr(import_module(f"otel_i2e.{otel_i2e._HOMES[name]}"), name)
    assert (inspect.getdoc(value) or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = otel_i2e.nothing  # pyright: ignore[reportAttributeAccessIssue] -- on purpose


def test_importing_the_package_loads_none_of_them() -> None:
    """`import otel_i2e` costs nothing."""
    code = (
        "import sys, otel_i2e; print(*(name for name in sys.modules if name.startswith(('otel_i2e', 'opentelemetry'))))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["otel_i2e"]
