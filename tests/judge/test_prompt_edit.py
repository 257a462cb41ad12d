"""Changing the threshold of a prompt file, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.judge import load_prompt, write_threshold
from otel_i2e.models import JudgeSettings

SETTINGS = JudgeSettings(model="claude-x")
TEXT = """\ufeff+++
fields = ["output"]\r
# how strict
'threshold'  =  1.0   # may be lower
[choices]
good = 1
fair = 0.5
bad = 0
+++
The threshold = 1.0 is no part of the question.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A prompt file."""
    path = tmp_path / "tone.md"
    path.write_bytes(TEXT.encode())
    return path


def test_one_value_is_written_and_every_other_byte_stays(path: Path) -> None:
    """Comments, line ends, quotes, the mode of the file."""
    path.chmod(0o640)
    write_threshold(load_prompt(path, SETTINGS), 0.5, SETTINGS, path.parent)
    assert path.read_bytes() == TEXT.replace("=  1.0 ", "=  0.5 ").encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert load_prompt(path, SETTINGS).threshold == 0.5
    assert [file.name for file in path.parent.iterdir()] == ["tone.md"]


def test_a_file_in_which_something_else_would_change_is_left_alone(path: Path) -> None:
    """A line of another value that looks like it."""
    text = TEXT.replace("# how strict", 'description = """\nthreshold = 7\n"""')
    path.write_bytes(text.encode())
    with pytest.raises(ScorerError, match=r"tone\.md: .* write threshold = 0\.5 into its front matter"):
        write_threshold(load_prompt(path, SETTINGS), 0.5, SETTINGS, path.parent)
    assert path.read_bytes() == text.encode()


def test_a_file_that_cannot_be_written_is_one_line(path: Path) -> None:
    """And no draft is left."""
    prompt = load_prompt(path, SETTINGS)
    path.unlink()
    with pytest.raises(ScorerError, match=r"tone\.md: cannot read the judge prompt: No such file"):
        write_threshold(prompt, 0.5, SETTINGS, path.parent)
    assert list(path.parent.iterdir()) == []
