"""Finding scorers: built in, in the project's files, and as judge prompts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, DatasetError, ScorerError
from otel_i2e.models import Case
from otel_i2e.score import standalone
from otel_i2e.workflows.scorers import case_scorers, judge_settings, load_all, load_scorers, named

SCORERS = '''
from otel_i2e import scorer
from helper_of_scorers import LIMIT

@scorer
def short(output: str) -> bool:
    """Whether it is short."""
    return len(output) < LIMIT

alias = short
'''
TONE = """+++
fields = ["output"]
threshold = 1.0
[choices]
good = 1
bad = 0
+++
Is it good?
"""


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A project with a scorer file, a module beside it, and a folder of judge prompts."""
    (tmp_path / "helper_of_scorers.py").write_text("LIMIT = 3", encoding="utf-8")
    (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.md").write_text(TONE, encoding="utf-8")
    return Settings(scorers=(str(tmp_path / "scorers.py"),), source=str(tmp_path / "i2e.toml"))


def test_all_are_found_by_name(project: Settings) -> None:
    """Built in, judge prompts that ship, the file's, the folder's; `must`, which needs a criterion, is no scorer."""
    plain = {scorer.name for scorer in standalone()}
    assert set(load_scorers(project)) == plain | {"groundedness", "correctness", "short", "tone"}
    assert load_scorers(project)["short"]("ab") is True
    assert load_scorers(project)["tone"].needs_judge


def test_two_scorers_of_one_name_in_a_file_are_told_apart(project: Settings, tmp_path: Path) -> None:
    """As a decorator without functools.wraps makes them: both variables and both places, in one line."""
    (tmp_path / "scorers.py").write_text(
        "from otel_i2e import scorer\n\ndef strict(function):\n    def inner(output: str) -> bool:\n"
        "        return function(output)\n    return inner\n\n@scorer\n@strict\ndef brief(output):\n    return True\n\n"
        "@scorer\n@strict\ndef polite(output):\n    return True\n",
        encoding="utf-8",
    )
    says = (
        r"scorers\.py:4: polite is a scorer called 'inner', and so is brief \(.*scorers\.py:4\): "
        r"write @scorer\(name='polite'\), or functools\.wraps in a decorator between$"
    )
    with pytest.raises(ScorerError, match=says):
        load_scorers(project)


def test_a_check_of_a_case_is_no_name_of_a_scorer(project: Settings) -> None:
    """Neither to be named, nor to be given: it would stand in the place of the check."""
    with pytest.raises(
        ScorerError, match=r"\"must: contains '30 days'\" is a check of a case, made wherever a case has it"
    ):
        named(["must: contains '30 days'"], load_all(project))
    (file,) = project.scorers
    Path(file).write_text(SCORERS.replace("@scorer", "@scorer(name=\"must: contains '30 days'\")"), encoding="utf-8")
    with pytest.raises(ScorerError, match=r"scorers.py:\d+: scorer .* has a name like a check of a case"):
        load_scorers(project)


def test_a_module_and_a_prompt_can_be_named(project: Settings, tmp_path: Path) -> None:
    """A module that lies beside the settings; a Markdown file anywhere."""
    (tmp_path / "more_scorers_of_mine.py").write_text(SCORERS.replace("short", "brief"), encoding="utf-8")
    (tmp_path / "mood.md").write_text(TONE, encoding="utf-8")
    settings = Settings(scorers=("more_scorers_of_mine", str(tmp_path / "mood.md")), source=project.source)
    assert {"brief", "mood", "tone"} <= set(load_scorers(settings))


def test_a_file_is_loaded_once_and_again_when_it_changed(project: Settings, tmp_path: Path) -> None:
    """A background worker asks every second; an edit takes effect and changes the version."""
    first = load_scorers(project)["short"]
    assert load_scorers(project)["short"] is first
    path = tmp_path / "scorers.py"
    path.write_text(SCORERS.replace("< LIMIT", "<= LIMIT"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    second = load_scorers(project)["short"]
    assert second("abc") is True
    assert second.version != first.version


def test_names_are_unique(project: Settings, tmp_path: Path) -> None:
    """A scorer cannot take the name of another, built in or not."""
    (tmp_path / "judges" / "short.md").write_text(TONE, encoding="utf-8")
    with pytest.raises(ScorerError, match=r"short\.md: there is another scorer 'short' \(.*scorers\.py:\d+\)"):
        load_scorers(project)
    (tmp_path / "scorers.py").write_text(SCORERS.replace("short", "equals"), encoding="utf-8")
    with pytest.raises(ScorerError, match=r"another scorer 'equals' \(built in\)"):
        load_scorers(project)


def test_of_two_scorers_of_one_name_neither_is_run(project: Settings, tmp_path: Path) -> None:
    """The first would pass a case that was meant for the second."""
    (tmp_path / "lax.py").write_text(SCORERS, encoding="utf-8")
    (tmp_path / "mood.md").write_text(TONE, encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mood.md").write_text(TONE.replace("A", "B"), encoding="utf-8")
    names = ("lax.py", "mood.md", "other/mood.md")
    entries = tuple(str(tmp_path / name) for name in names)
    loaded = load_all(Settings(scorers=(*project.scorers, *entries), source=project.source))
    assert {"short", "mood"}.isdisjoint(loaded.scorers)
    assert "mood" not in loaded.prompts
    with pytest.raises(DatasetError, match=r"case 'a': .*lax\.py:\d+: there is another scorer 'short'"):
        case_scorers(Case(id="a", input="q", scorers=["short"]), loaded)
    assert any("there is another judge prompt 'mood'" in str(error) for error in loaded.errors)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny ==", "scorers.py:2: cannot be loaded: SyntaxError: "),
        ("x = 1\n\nraise KeyError('a\\nb')", "scorers.py:3: cannot be loaded: KeyError: "),
        ("import sys\nsys.exit(3)", "scorers.py:2: cannot be loaded: SystemExit: 3"),
        ("import no_such_module_anywhere", "scorers.py:1: cannot be loaded: ModuleNotFoundError: "),
        ("x = 1", "scorers.py: no scorer in it; decorate a function with @scorer"),
        (
            "from otel_i2e import scorer\n@scorer\ndef f(answer): return True",
            "scorers.py:2: scorer 'f' asks for 'answer'",
        ),
    ],
)
def test_a_broken_file_is_one_line_and_stops_no_other(project: Settings, tmp_path: Path, text: str, said: str) -> None:
    """File and line; what else there is can be used online all the same."""
    (tmp_path / "scorers.py").write_text(text, encoding="utf-8")
    with pytest.raises(ScorerError) as caught:
        load_scorers(project)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    loaded = load_all(project)
    assert "tone" in loaded.scorers
    assert [str(error) for error in loaded.errors] == [str(caught.value)]
    with pytest.raises(ScorerError, match=r"there is no scorer 'short'; could not be loaded: .*scorers\.py"):
        named(["tone", "short"], loaded)


@pytest.mark.parametrize("entry", ["gone.py", "gone.md", "no_such_scorer_module"])
def test_what_is_not_there_is_named(tmp_path: Path, entry: str) -> None:
    """A file, a prompt, a module."""
    name = str(tmp_path / entry) if "." in entry else entry
    with pytest.raises(ScorerError, match=entry):
        load_scorers(Settings(scorers=(name,), source=str(tmp_path / "i2e.toml")))


def test_a_case_has_its_checks_and_the_scorers_it_names(project: Settings) -> None:
    """A criterion in words uses the prompt that ships; an unknown name is the case's mistake."""
    loaded = load_all(project)
    case = Case(id="c", input="q", must=["be kind"], must_not=[{"contains": "x"}], scorers=["short"])
    assert [s.name for s in case_scorers(case, loaded)] == ["must: be kind", "must_not: contains 'x'", "short"]
    with pytest.raises(DatasetError, match="no scorer 'long'; there are cites_documents, correctness, equals"):
        case_scorers(case.model_copy(update={"scorers": ["long"]}), loaded)


def test_a_project_can_replace_the_prompt_of_must(project: Settings, tmp_path: Path) -> None:
    """A judge prompt of the same name wins."""
    own = TONE.replace('["output"]', '["criterion", "output"]')
    (tmp_path / "judges" / "must.md").write_text(own, encoding="utf-8")
    case = Case(id="c", input="q", must=["be kind"])
    before, after = case_scorers(case, load_all(Settings())), case_scorers(case, load_all(project))
    assert before[0].version != after[0].version


def test_the_judge_table_is_checked(project: Settings) -> None:
    """One line with the file, the field and the fields that there are."""
    assert judge_settings(Settings(judge={"model": "claude-x"})).model == "claude-x"
    with pytest.raises(ConfigError, match=r"i2e\.toml: \[judge\] modell = 'x' is not valid: .*its fields are model"):
        judge_settings(Settings(judge={"modell": "x"}, source="i2e.toml"))
