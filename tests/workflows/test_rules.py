"""The online rules, as the settings file has them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.models import Rule
from otel_i2e.workflows.rules import read_rules, rules_or_errors

GOOD = {"name": "grounded", "scorers": ["groundedness"], "sample": 0.1}


def settings(*tables: Any) -> Settings:
    """Settings from a file with these rules."""
    return Settings(rules=tables, source="i2e.toml")


def test_rules_are_read_in_order() -> None:
    """With the defaults filled in."""
    rules = read_rules(settings(GOOD, {"name": "b", "scorers": ["x"], "where": "kind = 'agent'"}))
    assert rules == [
        Rule(name="grounded", scorers=["groundedness"], sample=0.1),
        Rule(name="b", scorers=["x"], where="kind = 'agent'"),
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "r"}, "i2e.toml: rule 'r': scorers: Field required; the fields of a rule are name, where"),
        ({"name": "r", "scorers": []}, "i2e.toml: rule 'r': scorers = []: "),
        ({**GOOD, "sample": 2}, "rule 'grounded': sample = 2: "),
        ({**GOOD, "where_": "x"}, "rule 'grounded': where_ = 'x': Extra inputs"),
        ({"scorers": ["x"]}, "i2e.toml: rule '#2': name: Field required"),
        ({**GOOD, "where": "a; b"}, "i2e.toml: rule 'grounded': where = 'a; b': it holds a ';'"),
        ({**GOOD, "daily_budget": -1}, "daily_budget = -1"),
        ("groundedness", "rule '#2': "),
    ],
)
def test_a_mistake_names_the_file_the_rule_and_the_field(table: Any, said: str) -> None:
    """One line; the other rules are read all the same."""
    other = {"name": "other", "scorers": ["x"]}
    with pytest.raises(I2EError) as caught:
        read_rules(settings(other, table))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    found = rules_or_errors(settings(other, table, {"name": "third", "scorers": ["x"]}))
    assert [isinstance(rule, Rule) for _, _, rule in found] == [True, False, True]


def test_two_rules_of_one_name_are_both_refused() -> None:
    """The ledger could not tell them apart."""
    found = rules_or_errors(settings(GOOD, GOOD, {"name": "b", "scorers": ["x"]}))
    assert [str(rule) for _, _, rule in found[:2]] == [
        "i2e.toml: rule 'grounded': 2 rules have this name; give each its own"
    ] * 2
    assert isinstance(found[2].rule, Rule)
