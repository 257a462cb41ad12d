"""Running the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from otel_i2e.cli.main import main


class Ran(NamedTuple):
    """What a command did."""

    code: int
    """Exit code."""
    out: str
    """Of stdout."""
    err: str
    """Of stderr."""


@pytest.fixture
def i2e(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`i2e("gate", "--json")` as a shell would run it; tables are tab-separated, because nothing is a terminal."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 1, out, err)

    return run
