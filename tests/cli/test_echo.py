"""What is printed in GitHub Actions gives the runner no command."""

from __future__ import annotations

import json

import pytest

from otel_i2e.cli.echo import echo, inert_json


def _is_command(row: str) -> bool:
    """As the runner decides it: `::` begins the trimmed line, or `##[` stands anywhere in it."""
    return row.strip().startswith("::") or "##[" in row


@pytest.mark.parametrize(
    "text",
    [
        "::stop-commands::pwn",
        " \t::add-mask::a",
        "\u2003::error::x",
        "first\n::error::second",
        "first\r::error::second",
        "ok ##[stop-commands]pwn ##[x",
        "###[error]",
        ":::error::",
    ],
)
def test_no_text_is_a_command_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """And everywhere else it is printed as it is."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    echo(text)
    assert capsys.readouterr().out == text + "\n"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    echo(text)
    echo(text, err=True)
    out, err = capsys.readouterr()
    assert not any(map(_is_command, out.splitlines()))
    assert (err, out.replace("\u200b", "")) == (out, text + "\n")


def test_json_stays_what_it_is() -> None:
    """Only written in another way."""
    body = {"##[error]": "a ##[stop-commands]b", "c": "::x"}
    text = inert_json(json.dumps(body))
    assert "##[" not in text
    assert json.loads(text) == body
