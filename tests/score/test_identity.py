"""A scorer's version: the same in every process, another one as soon as something that decides changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


PROCESS = """
import sys
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    for name in ("checks", "words"):
        sys.modules.pop(name, None)
    from checks import honest
    print(honest.version)
    sys.path.remove(folder)
"""
Sources = tuple[str, str]


def versions(folder: Path, *sources: Sources, seed: int = 0) -> list[str]:
    """The versions of `honest` as a process of its own sees them, for each `(checks.py, words.py)`."""
    folders: list[str] = []
    for number, (checks, words) in enumerate(sources):
        place = folder / f"{seed}-{number}"
        place.mkdir(parents=True)
        (place / "checks.py").write_text(checks, encoding="utf-8", newline="")
        (place / "words.py").write_text(words, encoding="utf-8")
        folders.append(str(place))
    environment = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", PROCESS, *folders], env=environment, check=True, capture_output=True, text=True
    )
    return run.stdout.split()


def test_version_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever the hash seed, the directory, the line endings and the code around it."""
    unrelated = SCORERS.replace("UNUSED = 1", "UNUSED = 2\n\n\ndef other():\n    return UNUSED")
    found = versions(tmp_path, (SCORERS, WORDS), (unrelated.replace("\n", "\r\n"), WORDS))
    found += versions(tmp_path, (SCORERS, WORDS), seed=7)
    assert len(set(found)) == 1
    assert len(found[0]) == 12
    assert int(found[0], 16) >= 0


CHANGES = [
    ("all(d <= LIMIT", "all(d < LIMIT"),
    ("threshold=1.0", "threshold=0.5"),
    ("LIMIT = 30", "LIMIT = 31"),
    ('"never"}', '"ever"}'),
    ("+) days", "+) weeks"),
    ("if word in clean", "if word not in clean"),
    ("return True", "return False"),
]


def test_version_follows_what_the_code_names(tmp_path: Path) -> None:
    """Its text, its threshold, constants, patterns, functions below it in its file and in files beside it."""
    assert [old for old, _ in CHANGES if old not in SCORERS] == []
    changed = [(SCORERS.replace(old, new), WORDS) for old, new in CHANGES]
    beside = (SCORERS, WORDS.replace("lower", "upper"))
    found = versions(tmp_path, (SCORERS, WORDS), *changed, beside)
    assert len(set(found)) == len(found) == len(CHANGES) + 2


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
