"""A scorer's version: the same in every process, another one as soon as something that decides changes."""

from __future__ import annotations

import posixpath
import subprocess
import sys
from functools import cached_property
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


PARTS = """
import helpers
from helpers import Checker, REGISTRY, SAME, judged_by
from otel_i2e.score import scorer

class Base:
    low = 5
    def enough(self, text): return len(text) > self.low

class Called(Base):
    def __init__(self, most): self.most = most
    def __call__(self, output): return self.enough(output) and self.short(output)
    def short(self, text): return len(text) < self.most
    def grade(self, output): return self.short(output)

class Here:
    most = 7
    def run(self, text): return below(text) and len(text) < self.most

def below(text): return len(text) < 1000

HERE = Here()

@scorer
def class_of_a_file_beside(output): return Checker().run(output)
@scorer
def object_of_a_file_beside(output): return SAME.run(output)
@scorer
def object_of_its_file(output): return HERE.run(output)
@scorer
def class_of_its_file(output): return Here().run(output)
@scorer
def functions_in_a_dict(output): return all(one(output) for one in REGISTRY.values())
@scorer
def name_in_a_module(output): return helpers.lowest(output)
@scorer
def default_value(output, metadata=helpers.LOWEST): return len(output) > metadata
@scorer
@judged_by
def decorated(output): return True

called = scorer(name="called")(Called(40))
method = scorer(name="method")(Called(40).grade)
in_a_folder = scorer(name="in_a_folder")(helpers.Deep().grade)
"""
HELPERS = """
from functools import wraps
from lib.deep import Deep

LOWEST = 2

class Root:
    limit = 3
    def small(self, text): return len(text) < self.limit

class Checker(Root):
    def __init__(self, words=("bad",)): self.words = words
    def run(self, text): return self.small(text) and clean(text) not in self.words

SAME = Checker()

def clean(text): return text.lower()
def lowest(text): return len(text) > LOWEST
REGISTRY = {"first": lambda text: len(text) < 9, "second": lowest}

def judged_by(function):
    @wraps(function)
    def inner(output): return function(output) and len(output) < 200
    return inner
"""
DEEP = """
class Deep:
    def grade(self, output): return len(output) < 77
"""
ALL_VERSIONS = """
import sys
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    for name in ("checks", "helpers", "lib.deep", "lib"):
        sys.modules.pop(name, None)
    import checks
    from otel_i2e.score import Scorer
    print(*(f"{one.name}={one.version}" for one in vars(checks).values() if isinstance(one, Scorer)))
    sys.path.remove(folder)
"""
BESIDE = {"class_of_a_file_beside", "object_of_a_file_beside"}
LOWER = {"functions_in_a_dict", "name_in_a_module"}
EDITS: list[tuple[str, str, set[str]]] = [
    ("limit = 3", "limit = 4", BESIDE),
    ("< self.limit", "<= self.limit", BESIDE),
    ("text.lower()", "text.upper()", BESIDE),
    ("not in self.words", "in self.words", BESIDE),
    ("SAME = Checker()", 'SAME = Checker(("good",))', {"object_of_a_file_beside"}),
    ("< 9", "< 8", {"functions_in_a_dict"}),
    ("> LOWEST", ">= LOWEST", LOWER),
    ("LOWEST = 2", "LOWEST = 3", LOWER | {"default_value"}),
    ("< 200", "< 201", {"decorated"}),
    ("low = 5", "low = 6", {"called", "method"}),
    ("> self.low", ">= self.low", {"called", "method"}),
    ("< self.most\n    def grade", "<= self.most\n    def grade", {"called", "method"}),
    ("Called(40))", "Called(41))", {"called"}),
    ("Called(40).grade", "Called(41).grade", {"method"}),
    ("most = 7", "most = 8", {"object_of_its_file", "class_of_its_file"}),
    ("< 1000", "< 1001", {"object_of_its_file", "class_of_its_file"}),
    ("< 77", "< 78", {"in_a_folder"}),
]


def versions_by_name(folder: Path, edits: list[tuple[str, str]]) -> list[dict[str, str]]:
    """For each edit, the versions of all scorers as one process sees them when whichever file has its text has it."""
    folders: list[str] = []
    for number, (old, new) in enumerate(edits):
        folders.append(str(folder / str(number)))
        (folder / str(number) / "lib").mkdir(parents=True)
        for name, text in (("checks.py", PARTS), ("helpers.py", HELPERS), ("lib/deep.py", DEEP)):
            (folder / str(number) / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    environment = {"PYTHONHASHSEED": "random", "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", ALL_VERSIONS, *folders], env=environment, check=True, capture_output=True, text=True
    )
    return [dict(pair.split("=") for pair in line.split()) for line in run.stdout.splitlines()]


def test_version_follows_classes_objects_and_containers_through_the_project(tmp_path: Path) -> None:
    """Exactly the scorers that run what was changed have another version, whichever file of the project has it."""
    assert [old for old, _, _ in EDITS if old not in PARTS + HELPERS + DEEP] == []
    before, *found = versions_by_name(tmp_path / "one", [("", ""), *((old, new) for old, new, _ in EDITS)])
    assert versions_by_name(tmp_path / "another", [("", "")]) == [before]
    assert len(before) == 11
    changed = [{name for name, version in after.items() if version != before[name]} for after in found]
    assert changed == [meant for _, _, meant in EDITS]


def test_what_an_object_computes_and_keeps_is_no_part_of_its_version() -> None:
    """A cached property and a reference to itself: the version is the same before and after it was used."""

    class Careful:
        def __init__(self) -> None:
            self.itself = self

        @cached_property
        def words(self) -> list[str]:
            return ["bad"]

        def __call__(self, output: str) -> bool:
            return output not in self.words

    first, second = Careful(), Careful()
    assert second("fine")
    assert scorer(name="careful")(first).version == scorer(name="careful")(second).version


def test_code_of_other_packages_is_a_name_only() -> None:
    """Another function of another package under the same name is another scorer; its own code is not read."""

    def using(compare: object) -> str:
        @scorer
        def close(output: str) -> bool:
            return bool(compare)

        return close.version

    assert using(posixpath.join) != using(posixpath.split)
    assert using(posixpath.join) == using(posixpath.join)
