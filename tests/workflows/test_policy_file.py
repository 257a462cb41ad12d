"""Which rules a decision is made by, and where they came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError
from otel_i2e.models import Experiment
from otel_i2e.workflows.gating import decide_gate


def test_a_decision_says_which_rules_it_was_made_by(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: Callable[..., None],
    experiment: Callable[..., Experiment],
) -> None:
    """A file, a variable that named it, an option that changed it."""
    keep(experiment("exp-1"))
    (tmp_path / "other.toml").write_text("")

    def origin(**how: Any) -> str:
        return decide_gate(settings, **how).decision.policy_from

    assert origin() == "gate.toml"
    assert origin(policy="other.toml", fail_on="P0") == "other.toml, --fail-on P0"
    monkeypatch.setenv("I2E_POLICY", "gate.toml")
    assert origin() == "gate.toml (I2E_POLICY)"
    assert origin(policy="other.toml") == "other.toml"
    assert decide_gate(Settings(store=settings.store)).decision.policy_from == "built-in (I2E_POLICY)"


def test_a_policy_of_the_command_wins_over_the_settings(
    settings: Settings, tmp_path: Path, keep: Callable[..., None], experiment: Callable[..., Experiment]
) -> None:
    """An old experiment is decided anew without a model call."""
    keep(experiment("exp-1"))
    (tmp_path / "strict.toml").write_text('P2 = "block"\n')
    assert decide_gate(settings, policy="strict.toml").decision.policy.P2 == "block"
    (tmp_path / "bad.toml").write_text('\nP3 = "block"\n')
    with pytest.raises(ConfigError, match=r"bad.toml:2: 'P3' is not a policy"):
        decide_gate(settings, policy="bad.toml")
    with pytest.raises(ConfigError, match=r"cannot read policy 'gone.toml': No such file"):
        decide_gate(settings, policy="gone.toml")
