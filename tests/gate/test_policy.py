"""Policy files."""

from __future__ import annotations

import pytest

from otel_i2e.errors import ConfigError
from otel_i2e.gate import parse_policy
from otel_i2e.models import Policy


def test_an_empty_file_is_the_built_in_policy() -> None:
    """P0 blocks, P1 needs an override, P2 is logged, 95 %."""
    assert parse_policy("", "gate.toml") == Policy(P0="block", P1="override", P2="log", suite_threshold=0.95)


def test_keys_replace_defaults() -> None:
    """Only what is named changes."""
    policy = parse_policy('P1 = "warn"\nsuite_threshold = 1\n', "gate.toml")
    assert (policy.P0, policy.P1, policy.suite_threshold) == ("block", "warn", 1.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('\nP3 = "block"\n', "gate.toml:2: 'P3' is not a policy; the keys are P0"),
        ('P0 = "explode"\n', "gate.toml:1: P0 = 'explode' is not valid: Input should be 'block'"),
        (
            "suite_threshold = 95\n",
            "gate.toml:1: suite_threshold = 95 is not valid: Input should be less than or equal",
        ),
        ("suite_threshold = nan\n", "suite_threshold = nan is not valid"),
        ("suite_threshold = true\n", "suite_threshold = True is not valid"),
        ("[P0]\nx = 1\n", "gate.toml:1: P0 = {'x': 1} is not valid"),
        ("P0 = \n", "gate.toml: not valid TOML"),
    ],
)
def test_an_error_is_one_line_with_the_key(text: str, says: str) -> None:
    """The file, the line, the key, the value and the rule."""
    with pytest.raises(ConfigError) as caught:
        parse_policy(text, "gate.toml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
