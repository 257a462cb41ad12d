"""Datasets: finding them, checking them, and the one lock under which cases are changed."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, UsageError
from otel_i2e.forks import fork_guard
from otel_i2e.models import Contract
from otel_i2e.store import Store
from otel_i2e.workflows.dataset_file import (
    CaseLine,
    Problem,
    dataset_hash,
    line_of,
    parse_dataset,
    put_case,
    read_bytes,
    read_dataset,
)
from otel_i2e.workflows.dataset_scorers import dataset_scorers
from otel_i2e.workflows.scorers import load_all
from otel_i2e.workflows.standing_file import STANDINGS
from otel_i2e.workflows.verdict_file import VERDICTS

__all__ = [
    "CaseLine",
    "DatasetReport",
    "Problem",
    "changing_cases",
    "check_dataset",
    "dataset_file",
    "dataset_hash",
    "dataset_name",
    "dataset_path",
    "line_of",
    "list_datasets",
    "put_case",
    "read_dataset",
    "require_own_name",
]

_NAME: Final = re.compile(r"[^\W_][\w.-]*")


class DatasetReport(Contract):
    """What a dataset file holds, and what is wrong with it."""

    name: str
    """The file's name without `.jsonl`."""
    path: str
    """The file."""
    cases: int
    """Cases whose line is valid."""
    priorities: dict[str, int]
    """Priority → cases."""
    hash: str
    """`dataset_hash` of the valid cases."""
    problems: tuple[str, ...]
    """`file:line: …`, one line each."""


def dataset_file(settings: Settings, name: str) -> Path:
    """The file of the dataset `name`, whether it is there or not. Raises DatasetError for what cannot be a name."""
    if not _NAME.fullmatch(name):
        raise DatasetError(f"{name!r} is not a dataset's name; use letters, digits, '-', '_' and '.', such as refunds")
    return _near(Path(settings.datasets) / f"{name}.jsonl")


def dataset_path(settings: Settings, name_or_path: str) -> Path:
    """The file that is meant by a path or a name. Raises DatasetError, listing the datasets, when it is not there."""
    path = Path(name_or_path)
    if not path.is_file() and path.suffix != ".jsonl" and path.name == name_or_path:
        path = dataset_file(settings, name_or_path)
    if path.is_file():
        return path
    known = [file.stem for file in _files(settings)]
    hint = f"there are {', '.join(known)}" if known else "i2e init writes an example"
    raise DatasetError(f"there is no dataset {str(path)!r}; {hint}")


def dataset_name(name_or_path: str | None) -> str | None:
    """The name under which experiments keep the dataset of a path; a name stays what it is."""
    if name_or_path is None or not (name_or_path.endswith(".jsonl") or Path(name_or_path).name != name_or_path):
        return name_or_path
    return Path(name_or_path).stem


def require_own_name(settings: Settings, path: Path) -> None:
    """UsageError when experiments on another file have the name of this one: the gate could not tell them apart."""
    store = Store.of(settings)
    if not store.exists():
        return
    with store.read() as reader:
        rows = reader.rows(_EVALUATED, {"name": path.stem})
    others = [Path(row["path"]) for row in rows if Path(row["path"]).is_file()]
    for other in others:
        if not other.samefile(path):
            raise UsageError(
                f"{str(path)!r} has the name of {str(other)!r}, of which there are experiments: a dataset is known by "
                "its file's name, and the gate would take one for the other; rename one of the files"
            )


_EVALUATED: Final = """
    SELECT DISTINCT metadata ->> '$.dataset_path' AS path FROM experiments
    WHERE dataset = $name AND (metadata ->> '$.dataset_path') IS NOT NULL ORDER BY path
"""


def list_datasets(settings: Settings) -> list[DatasetReport]:
    """Every dataset in the settings' directory, checked."""
    return [check_dataset(settings, file) for file in _files(settings)]


def check_dataset(settings: Settings, path: Path) -> DatasetReport:
    """Read a file and hold every case to the gate's demands: its checks and scorers exist, and it checks something."""
    lines, problems = parse_dataset(read_bytes(path), str(path))
    problems += dataset_scorers(path, lines, load_all(settings))[1]
    for number, case in lines:
        if not case.checks_something:
            problems.append(Problem(f"{path}:{number}", f"case {case.id!r} {NOTHING_TO_CHECK}"))
    cases = [line.case for line in lines]
    priorities = {key: sum(case.priority == key for case in cases) for key in ("P0", "P1", "P2")}
    said = tuple(str(problem) for problem in sorted(problems, key=lambda one: one.line))
    return DatasetReport(
        name=path.stem,
        path=str(path),
        cases=len(cases),
        priorities=priorities,
        hash=dataset_hash(cases),
        problems=said,
    )


NOTHING_TO_CHECK: Final = "has nothing to check, and the gate refuses it: give it must, must_not or scorers"
"""Said of a case wherever it is refused."""


@contextmanager
def changing_cases(settings: Settings) -> Generator[None]:
    """The exclusive right to change cases, in the store and in files. Raises UsageError after a wait."""
    import portalocker

    path = settings.store_path.with_name(settings.store_path.name + ".cases.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with fork_guard:
        try:
            with portalocker.Lock(path, mode="a", timeout=settings.lock_timeout):
                yield
        except portalocker.LockException:
            raise UsageError(f"another command is changing cases ({path}); try again when it is done") from None


def _files(settings: Settings) -> list[Path]:
    found = _near(Path(settings.datasets)).glob("*.jsonl")
    return sorted(path for path in found if path.name not in {STANDINGS, VERDICTS})


def _near(path: Path) -> Path:
    """The path as a person in the working directory would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path
