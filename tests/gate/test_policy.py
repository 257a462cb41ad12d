"""Policy files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otel_i2e.errors import ConfigError
from otel_i2e.gate import parse_policy
from otel_i2e.models import Policy, Priority, ScorerRule, SliceRule, SuiteRule, needed_passes


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
        (
            "[scorers.s]\nthreshold = -inf\n",
            "gate.toml:2: scorers.s.threshold = -inf is not valid: Input should be a fin",
        ),
        ("[scorers.s]\nthreshold = nan\n", "gate.toml:2: scorers.s.threshold = nan is not valid"),
        ("[scorers.s]\nthreshold = true\n", "gate.toml:2: scorers.s.threshold = True is not valid"),
        ("[suites.s]\nmin_cases = true\n", "gate.toml:2: suites.s.min_cases = True is not valid"),
        ("latency_p95_ms = inf\n", "gate.toml:1: latency_p95_ms = inf is not valid"),
        ("cost_per_run_usd = inf\n", "gate.toml:1: cost_per_run_usd = inf is not valid"),
        ("[P0]\nx = 1\n", "gate.toml:1: P0 = {'x': 1} is not valid"),
        ("\nP0 = \n", "gate.toml:2: not valid TOML"),
        ('repeats = "some"\n', "gate.toml:1: repeats = 'some' is not valid: String should match"),
        ('repeats = "at_least(0)"\n', "gate.toml:1: repeats = 'at_least(0)' is not valid"),
        ("[suites.fast]\nthreshold = 2\n", "gate.toml:2: suites.fast.threshold = 2 is not valid: Input should be less"),
        (
            "[suites.slow]\nthreshold = 1\n[suites.fast]\nrate = 2\n",
            "gate.toml:4: 'rate' is not a key of [suites.fast]; its keys are threshold, repeats, min_cases",
        ),
        ('[slices."tier=gold"]\n', "gate.toml:1: slices.tier=gold.threshold = {} is not valid: Field required"),
        ("\nscorers = 3\n", "gate.toml:2: scorers = 3 is not valid"),
        (
            'drop = "override"\n',
            "gate.toml:1: drop = 'override' is not valid: Input should be 'block', 'warn' or 'log'",
        ),
    ],
)
def test_an_error_is_one_line_with_the_key(text: str, says: str) -> None:
    """The file, the line, the key, the value and the rule."""
    with pytest.raises(ConfigError) as caught:
        parse_policy(text, "gate.toml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tables_of_suites_scorers_and_slices() -> None:
    """Named rules beside the rules for all."""
    policy = parse_policy(
        'repeats = "at_least(2)"\n[suites.safety]\nthreshold = 1\nrepeats = "all"\n'
        '[scorers.grounded]\nthreshold = 0.7\n[slices."tier=gold"]\nthreshold = 0.9\n',
        "gate.toml",
    )
    assert (policy.threshold("safety"), policy.threshold("fast")) == (1.0, 0.95)
    assert (policy.reducer("safety"), policy.reducer("fast")) == ("all", "at_least(2)")
    assert policy.reducer("safety", "any") == "any"
    assert (policy.scorers["grounded"].threshold, policy.slices["tier=gold"].threshold) == (0.7, 0.9)


@pytest.mark.parametrize(
    ("least", "given", "actions"),
    [
        (None, {}, ("block", "override", "log")),
        ("P0", {}, ("block", "warn", "log")),
        ("P1", {}, ("block", "override", "log")),
        ("P2", {}, ("block", "override", "override")),
        ("P2", {"P0": "log", "P2": "block"}, ("block", "override", "block")),
        ("P0", {"P0": "override", "P1": "log", "P2": "block"}, ("override", "log", "warn")),
    ],
)
def test_fail_on_says_which_priorities_fail_the_run(
    least: Priority | None, given: dict[str, Any], actions: tuple[str, ...]
) -> None:
    """An action that agrees with it stays."""
    policy = Policy.model_validate(given).failing_on(least)
    assert (policy.action("P0"), policy.action("P1"), policy.action("P2")) == actions


@pytest.mark.parametrize(
    ("reducer", "repeats", "needed"),
    [("all", 5, 5), ("any", 5, 1), ("at_least(3)", 5, 3), ("at_least(3)", 2, 3), ("mean", 5, 3), ("mean", 4, 2),
     ("mean(0.8)", 5, 4), ("mean(.2)", 5, 1), ("mean(1)", 5, 5), ("all", 0, 1)],
)  # fmt: skip
def test_every_reducer_is_at_least_k(reducer: str, repeats: int, needed: int) -> None:
    """Of n; asking for more than there are stays impossible."""
    assert needed_passes(reducer, repeats) == needed


def test_every_key_is_documented() -> None:
    """docs/gate.md has a row for each, and for the keys of its tables."""
    page = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")
    tables = "".join(row for row in page.splitlines(keepends=True) if row.startswith("| `"))
    keys = [*Policy.model_fields, *SuiteRule.model_fields, *ScorerRule.model_fields, *SliceRule.model_fields]
    assert [key for key in keys if f"`{key}`" not in tables] == []
