"""A disk that fails when it is told to."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

SHIM = Path(__file__).with_name("disk_fault.c")


class FaultyDisk:
    """Fails writes to files of `folder` in processes that are started with `environment`."""

    def __init__(self, library: Path, control: Path, folder: Path) -> None:
        self.folder = folder
        control.write_bytes(bytes(32))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), 32)
        self.environment = {
            "LD_PRELOAD": str(library),
            "DISK_FAULT_CONTROL": str(control),
            "DISK_FAULT_FOLDER": str(folder.resolve()),
        }

    def fail(self, n: int, number: int = errno.EIO, times: int = 1) -> None:
        """From the `n`-th call on, `times` of them fail with the error `number`."""
        self._control[:] = struct.pack("<4q", n, 0, number, times)

    def mend(self) -> bool:
        """No more faults; whether there was one."""
        n, calls, _, _ = struct.unpack("<4q", self._control[:])
        self._control[:] = bytes(32)
        return bool(n) and calls >= n

    def close(self) -> None:
        """Let go of the control."""
        self._control.close()


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled library."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or os.name != "posix" or not Path("/proc/self/fd").exists():
        pytest.skip("a C compiler and /proc are needed to make a disk fail")
    library = tmp_path_factory.mktemp("shim") / "disk_fault.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"], check=True)
    return library


@pytest.fixture
def disk(shim: Path, tmp_path: Path) -> Generator[FaultyDisk]:
    """A folder on a disk that fails when it is told to."""
    folder = tmp_path / "disk"
    folder.mkdir()
    faulty = FaultyDisk(shim, tmp_path / "control", folder)
    yield faulty
    faulty.close()
