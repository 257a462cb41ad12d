"""Who is at the keyboard."""

from __future__ import annotations

import pytest

from otel_i2e.workflows.author import author


def test_the_given_name_wins_then_ci_then_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """White space is no name."""
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.delenv("GITLAB_USER_LOGIN", raising=False)
    assert author(" bob ") == "bob"
    assert author("  ") == "ada"
    monkeypatch.setenv("GITLAB_USER_LOGIN", "carol")
    assert author() == "carol"
    monkeypatch.setenv("GITHUB_ACTOR", "dave")
    assert author() == "dave"


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a bare number."""

    def nobody() -> str:
        raise OSError("no name")

    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.delenv("GITLAB_USER_LOGIN", raising=False)
    monkeypatch.setattr("getpass.getuser", nobody)
    assert author() == "unknown"
