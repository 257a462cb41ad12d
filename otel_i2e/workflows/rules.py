"""The online rules: tables `[[rules]]` of the settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, I2EError
from otel_i2e.models import Rule
from otel_i2e.workflows.conditions import check_condition

__all__ = ["read_rules", "rules_or_errors"]


def read_rules(settings: Settings) -> list[Rule]:
    """Every rule. Raises for the first that is not valid: ConfigError, or UsageError for its condition."""
    rules: list[Rule] = []
    for _, found in rules_or_errors(settings):
        if isinstance(found, I2EError):
            raise found
        rules.append(found)
    return rules


def rules_or_errors(settings: Settings) -> list[tuple[str, Rule | I2EError]]:
    """Name and rule, or what is wrong with it: one that is not valid must not stop the others."""
    place = settings.source or "settings"
    count = Counter(str(cast("Any", table).get("name")) for table in settings.rules if isinstance(table, Mapping))  # pyright: ignore[reportUnnecessaryIsInstance] -- it comes from a file
    found: list[tuple[str, Rule | I2EError]] = []
    for position, table in enumerate(settings.rules, 1):
        name = str(table.get("name") or f"#{position}") if isinstance(table, Mapping) else f"#{position}"  # pyright: ignore[reportUnnecessaryIsInstance] -- it comes from a file
        try:
            if count[name] > 1:
                raise ConfigError(f"{place}: {count[name]} rules are named {name!r}; give each its own name")
            found.append((name, _rule(table, name, place)))
        except I2EError as error:
            found.append((name, error))
    return found


def _rule(table: Any, name: str, place: str) -> Rule:
    try:
        rule = Rule.model_validate(table)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        got = "" if problem["type"] == "missing" else f" = {problem['input']!r}"
        known = ", ".join(Rule.model_fields)
        raise ConfigError(
            f"{place}: rule {name!r}: {field}{got}: {problem['msg']}; the fields of a rule are {known}"
        ) from None
    check_condition(rule.where, f"{place}: rule {rule.name!r}")
    return rule
