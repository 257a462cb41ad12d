"""`i2e label` and `i2e calibrate`, as typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from otel_i2e.cli.main import main
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The exit code of a command in a project of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "i2e.toml").write_text("")

    def ran(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        return int(str(ended.value.code))

    return ran


def test_labels_from_the_first_to_the_agreement(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What to label next, a label, the same by another, how far they agree; nothing left at the end."""
    span = llm_span("Can I?", "Yes.")
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(span)])
        writer.add_scores([score_row(span, "equals", 1.0, passed=True, threshold=1.0)])
    assert run("label", "--scorer", "equals", "--by", "ann") == 0
    assert f"Next: i2e label {span.span_id} --scorer equals --pass" in capsys.readouterr().out
    assert run("label", span.span_id, "--scorer", "equals", "--by", "ann") == 2
    assert "--pass or --fail" in capsys.readouterr().err
    assert run("label", span.span_id, "--scorer", "equals", "--pass", "--fail") == 2
    assert "not both" in capsys.readouterr().err
    assert run("label", span.span_id, "--scorer", "equals", "--by", "ann", "--pass") == 0
    assert run("label", span.span_id, "--scorer", "equals", "--by", "bob", "--fail", "--json") == 0
    assert run("label", "--scorer", "equals", "--agreement") == 0
    assert "1 spans labelled, 1 by two or more, 1 disputed" in capsys.readouterr().out
    assert run("label", "--scorer", "equals", "--by", "ann") == 0
    assert "Nothing left to label" in capsys.readouterr().out


def test_what_cannot_be_calibrated_is_exit_2(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """No labels; a scorer that is no judge."""
    with Store(Path(".i2e/i2e.duckdb")).write():
        pass
    assert run("calibrate", "groundedness") == 2
    assert "i2e label --scorer groundedness" in capsys.readouterr().err
    assert run("calibrate", "equals") == 2
    assert "is no judge" in capsys.readouterr().err
    assert run("calibrate", "groundedness", "--check") == 2
    assert "never calibrated" in capsys.readouterr().err
