"""A scorer's version: the same in every process, another one as soon as something that decides changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from otel_i2e.score import scorer

SCORERS = '''
import re
from textwrap import dedent
from otel_i2e.score import scorer
from words import clean

LIMIT = 30
BANNED = {"guarantee", "always", "never"}
DAYS = re.compile(r"(\\d+) days")
UNUSED = 1

def found(text):
    return {word for word in BANNED if word in clean(text)}

@scorer(threshold=1.0)
def honest(output: str) -> bool:
    """Whether it promises nothing."""
    days = [int(d) for d in DAYS.findall(dedent(output))]
    return not found(output) and all(d <= LIMIT for d in days) and below(output)

def below(output):
    return True
'''
WORDS = """
def clean(text):
    return text.lower()
"""


def version(folder: Path, scorers: str = SCORERS, words: str = WORDS, seed: int = 0) -> str:
    """The version of `honest` as a process of its own sees it."""
    folder.mkdir(exist_ok=True)
    (folder / "checks.py").write_text(scorers, encoding="utf-8")
    (folder / "words.py").write_text(words, encoding="utf-8")
    code = "from checks import honest; print(honest.version)"
    environment = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_version_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever the hash seed, the directory, the line endings and the code around it."""
    first = version(tmp_path / "a")
    assert len(first) == 12
    assert int(first, 16) >= 0
    assert version(tmp_path / "b", seed=7) == first
    unrelated = SCORERS.replace("UNUSED = 1", "UNUSED = 2\n\n\ndef other():\n    return UNUSED")
    assert version(tmp_path / "c", unrelated.replace("\n", "\r\n")) == first


CHANGES = [
    ("all(d <= LIMIT", "all(d < LIMIT"),
    ("threshold=1.0", "threshold=0.5"),
    ("LIMIT = 30", "LIMIT = 31"),
    ('"never"}', '"ever"}'),
    (r"(\\d+) days", r"(\\d+) weeks"),
    ("if word in clean", "if word not in clean"),
    ("return True", "return False"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_version_follows_what_the_code_names(tmp_path: Path, old: str, new: str) -> None:
    """Its own text, its threshold, constants, patterns and functions of its file, also those defined below it."""
    old, new = old.replace("\\\\", "\\"), new.replace("\\\\", "\\")
    assert old in SCORERS
    assert version(tmp_path, SCORERS.replace(old, new)) != version(tmp_path)


def test_version_follows_functions_of_files_beside_it(tmp_path: Path) -> None:
    """A change in a module that lies in the same directory counts as well."""
    assert version(tmp_path, words=WORDS.replace("lower", "upper")) != version(tmp_path)


def test_scorers_of_one_factory_differ_by_what_they_close_over() -> None:
    """The same text with another word is another scorer."""

    def mentions(word: str) -> str:
        @scorer
        def mentioned(output: str) -> bool:
            return word in output

        return mentioned.version

    assert mentions("a") == mentions("a")
    assert mentions("a") != mentions("b")


@scorer
def _counting_down(output: str) -> bool:
    return not output or _counting_down(output[1:])


def test_a_scorer_may_name_itself_and_others() -> None:
    """Recursion ends; a scorer that calls another changes with it."""

    def calling(inner: object) -> str:
        @scorer
        def outer(output: str) -> bool:
            return inner is not None

        return outer.version

    assert len(_counting_down.version) == 12
    assert calling(_counting_down) != calling(None)


def test_code_without_a_file_has_a_version_all_the_same() -> None:
    """A notebook or `exec`: its instructions and constants are hashed."""
    versions: list[str] = []
    for limit in (3, 3, 4):
        space: dict[str, object] = {}
        exec(f"def check(output): return len(output) > {limit}", space)
        versions.append(scorer(space["check"]).version)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue] -- exec gives object
    assert versions[0] == versions[1] != versions[2]
