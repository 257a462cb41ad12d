"""`i2e scorers`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import load_settings
from otel_i2e.score import standalone
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows.scoring import score_where


def run(*args: str) -> int:
    """The exit code."""
    with pytest.raises(SystemExit) as caught:
        main(["scorers", *args])
    return int(caught.value.code or 0)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """A project with one scorer of its own."""
    monkeypatch.chdir(tmp_path)
    Path("i2e.toml").write_text('scorers = ["mine.py"]\n', encoding="utf-8")
    Path("mine.py").write_text(
        "from otel_i2e import scorer\n@scorer(threshold=0.5)\ndef kind(output: str, documents: list = ()) -> float:\n"
        '    """Whether it is kind."""\n    return 1\n',
        encoding="utf-8",
    )


def test_lists_what_can_be_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Name, version, threshold, needs and place; the checks of a case below."""
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t") == ["name", "version", "scope", "threshold", "needs", "source", "description"]
    cells = {line.split("\t")[0]: line.split("\t") for line in lines[1:] if "\t" in line}
    assert set(cells) == {scorer.name for scorer in standalone()} | {"correctness", "groundedness", "kind"}
    assert cells["kind"][2:] == [
        "trace",
        "0.5",
        "output, documents?",
        f"{tmp_path / 'mine.py'}:2",
        "Whether it is kind.",
    ]
    assert lines[-1].startswith("Checks for `must` and `must_not` of a case: contains, not_contains, regex,")


def test_json_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """For a program."""
    assert run("--json") == 0
    shown = json.loads(capsys.readouterr().out)
    kind = next(scorer for scorer in shown["scorers"] if scorer["name"] == "kind")
    assert (kind["needs"], kind["optional"], kind["needs_judge"]) == (["output"], ["documents"], False)
    assert "judge" in shown["checks"]


def test_one_scorer_and_its_history(capsys: pytest.CaptureFixture[str]) -> None:
    """Every version that was used, the last change as a diff; a diff of any two by the beginnings of their versions."""
    settings = load_settings()
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span())])
    score_where(settings, "true", ["kind"])
    Path("mine.py").write_text(Path("mine.py").read_text().replace("return 1", "return 0.25"), encoding="utf-8")
    score_where(settings, "true", ["kind"])
    assert run("kind", "--history", "--json") == 0
    old, new = (one["version"] for one in json.loads(capsys.readouterr().out)["identities"])
    assert run("kind", "--history") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[:8] for line in lines[1:3]] == [
        ["kind", old, "", "", "production", "1", "100.0%", "0"],
        ["kind", new, "yes", "", "production", "1", "0.0%", "0"],
    ]
    assert {"-    return 1", "+    return 0.25"} <= set(lines[3:])
    assert run("kind", "--diff", new[:5], old[:5]) == 0
    assert "+    return 1" in capsys.readouterr().out.splitlines()
    assert run("kind", "--diff", new, new) == 0
    assert capsys.readouterr().out == "Nothing changed: the two are the same version.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["kinder"], "there is no scorer 'kinder'"),
        (["kinder", "--history"], "there is no scorer 'kinder', and no score of one is stored"),
        (["--diff", "a", "b"], "--diff needs the name of a scorer"),
        (["kind", "--diff", "zz", "b"], "no version begins with 'zz'"),
    ],
)
def test_a_mistake_is_one_line(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert run(*args) == 2
    assert said in capsys.readouterr().err


def test_a_broken_file_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """File and line on stderr, nothing on stdout."""
    Path("mine.py").write_text("x = 1\ny ==\n", encoding="utf-8")
    assert run() == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "mine.py:2: cannot be loaded: SyntaxError" in shown.err


def test_a_project_without_scorers_is_told_how_to_have_some(capsys: pytest.CaptureFixture[str]) -> None:
    """The next step."""
    Path("i2e.toml").write_text("", encoding="utf-8")
    assert run() == 0
    assert "i2e init" in capsys.readouterr().out


def test_warns_of_a_model_that_is_an_alias(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for all judges that ask for it, on stderr; a pinned model says nothing."""
    assert run() == 0
    assert "alias" not in capsys.readouterr().err
    with Path("i2e.toml").open("a", encoding="utf-8") as file:
        file.write('[judge]\nmodel = "claude-sonnet-4-5"\n')
    assert run() == 0
    (line,) = [one for one in capsys.readouterr().err.splitlines() if "alias" in one]
    assert line.startswith("i2e: warning: correctness, groundedness: 'claude-sonnet-4-5' is an alias")
