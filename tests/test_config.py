"""Settings: files, variables, arguments; a wrong one is one line that names value, place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_i2e.config import Settings, find_config, load_settings
from otel_i2e.errors import ConfigError


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(tmp_path: Path) -> None:
    """Without a file and without variables the defaults hold."""
    assert load_settings({}, start=tmp_path) == Settings()


def test_argument_beats_variable_beats_file(tmp_path: Path) -> None:
    """The nearer word wins."""
    _write(tmp_path / "i2e.toml", 'service = "file"\nenvironment = "file"\ncapture = "metadata"')
    settings = load_settings({"I2E_SERVICE": "env", "I2E_ENVIRONMENT": "env"}, start=tmp_path, service="given")
    assert (settings.service, settings.environment, settings.capture) == ("given", "env", "metadata")


def test_file_is_found_above_and_its_paths_are_its_own(tmp_path: Path) -> None:
    """A file in a parent directory is used; its relative paths are relative to it."""
    _write(tmp_path / "i2e.toml", 'store = "data/x.duckdb"\nscorers = ["scorers.py", "package.module"]')
    (tmp_path / "a" / "b").mkdir(parents=True)
    settings = load_settings({}, start=tmp_path / "a" / "b")
    assert settings.store == str(tmp_path / "data/x.duckdb")
    assert settings.scorers == (str(tmp_path / "scorers.py"), "package.module")


def test_paths_that_are_not_set_belong_to_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in a subdirectory uses the project's store; what a variable or a flag says is where one stands."""
    _write(tmp_path / "i2e.toml", 'service = "shop"')
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    settings = load_settings({})
    assert settings.store_path == tmp_path / ".i2e" / "i2e.duckdb"
    assert (settings.datasets, settings.queries) == (str(tmp_path / "evals"), str(tmp_path / "queries"))
    assert settings.policy == ""
    stood = load_settings({"I2E_QUERIES": "sql"}, store="mine.duckdb")
    assert stood.store_path == tmp_path / "src" / "mine.duckdb"
    assert (stood.queries, stood.datasets) == ("sql", str(tmp_path / "evals"))
    (tmp_path / "i2e.toml").unlink()
    assert load_settings({}).store_path == tmp_path / "src" / ".i2e" / "i2e.duckdb"


def test_search_stops_at_the_repository(tmp_path: Path) -> None:
    """A file above the directory that holds .git is somebody else's."""
    _write(tmp_path / "i2e.toml", "")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    assert find_config(tmp_path / "repo") is None


def test_pyproject_table_is_read(tmp_path: Path) -> None:
    """`[tool.i2e]` in pyproject.toml serves when there is no i2e.toml."""
    _write(tmp_path / "pyproject.toml", '[tool.i2e]\nservice = "shop"')
    assert load_settings({}, start=tmp_path).service == "shop"


@pytest.mark.parametrize(
    ("text", "variable", "redacts"),
    [
        ("", "", False),
        ("[redact]", "", True),
        ("[redact.patterns]", "", True),
        ("[redact]\nenabled = false", "", False),
        ("[redact]", "off", False),
        ("", "on", True),
    ],
)
def test_a_table_redact_switches_redaction_on(tmp_path: Path, text: str, variable: str, redacts: bool) -> None:
    """An empty one, too: none of its settings is required."""
    _write(tmp_path / "i2e.toml", text)
    assert load_settings({"I2E_REDACT": variable}, start=tmp_path).redacts is redacts


def test_lists_in_variables_are_comma_separated() -> None:
    """`I2E_SCORERS=a.py, b` is two scorers."""
    assert load_settings({"I2E_SCORERS": "a.py, b"}).scorers == ("a.py", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('stroe = "x"', ["i2e.toml", "'stroe'", "store"]),
        ("max_content_bytes = -1", ["i2e.toml", "max_content_bytes", "-1", "at least 0"]),
        (
            "max_content_bytes = 1.5",
            ["i2e.toml:1: max_content_bytes = 1.5", "whole number; write max_content_bytes = 1"],
        ),
        ("max_content_bytes = true", ["max_content_bytes", "True"]),
        ('capture = "some"', ["capture", "'some'", "full, metadata, off"]),
        ("\nstore = 3", ["i2e.toml:2: store = 3", 'text; write store = ".i2e/i2e.duckdb"']),
        ("[tool]", ["i2e.toml:1: 'tool' is not a setting"]),
        ("[judge]\n[[rules]]\n[rulez]", ["i2e.toml:3: 'rulez'", "did you mean 'rules'?"]),
        ("max_content_bytes = inf", ["max_content_bytes = inf"]),
        ("store =", ["i2e.toml", "not valid TOML"]),
    ],
)
def test_wrong_setting_is_one_clear_line(tmp_path: Path, text: str, words: list[str]) -> None:
    """The line names the value, the rule and the file."""
    _write(tmp_path / "i2e.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_settings({}, start=tmp_path)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_wrong_variable_names_the_variable() -> None:
    """An error in a variable names it, not the field."""
    with pytest.raises(ConfigError, match="I2E_INGEST_INTERVAL"):
        load_settings({"I2E_INGEST_INTERVAL": "soon"})


@pytest.mark.parametrize("place", ["what?/i2e.duckdb", "i2e?.duckdb"])
def test_a_store_that_duckdb_cannot_keep_is_refused_at_once(tmp_path: Path, place: str) -> None:
    """Before a span is taken that would wait for ever."""
    with pytest.raises(ConfigError, match=r"store .*\?.* is not valid: .*name another with --store"):
        load_settings({}, store=str(tmp_path / place))
    assert load_settings({}, store="ducklake:postgres:host=a?b").store.endswith("a?b")


def test_named_file_must_exist(tmp_path: Path) -> None:
    """--config of a missing file says so."""
    with pytest.raises(ConfigError, match="nowhere"):
        load_settings({}, config=tmp_path / "nowhere.toml")
