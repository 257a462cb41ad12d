"""The online rules: tables `[[rules]]` of the settings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, I2EError
from otel_i2e.models import STRATA, Rule
from otel_i2e.score import Scorer
from otel_i2e.workflows.conditions import check_columns, check_condition
from otel_i2e.workflows.scorers import Loaded, named
from otel_i2e.workflows.strata import check_keep

__all__ = ["FoundRule", "read_rules", "rules_or_errors", "workable"]

_TABLE: Final = re.compile(r"\s*\[\[\s*(?:tool\s*\.\s*i2e\s*\.\s*)?rules\s*\]\]")


class FoundRule(NamedTuple):
    """One table `[[rules]]`."""

    name: str
    """Its name, or `#n` when it has none."""
    place: str
    """`file:line: rule 'name'`, for messages."""
    rule: Rule | I2EError
    """The rule, or what is wrong with it."""

    def error(self, error: I2EError) -> str:
        """One line that says where, whatever `error` says."""
        text = str(error)
        return text if text.startswith(self.place) else f"{self.place}: {text}"

    def where_error(self, rule: Rule, error: I2EError) -> str:
        """One line for a condition that the store refuses; `error` is about the condition alone."""
        return f"{self.place}: where = {rule.where!r}: {error}"


def read_rules(settings: Settings) -> list[Rule]:
    """Every rule. Raises for the first that is not valid: ConfigError, or UsageError for its condition."""
    rules: list[Rule] = []
    for found in rules_or_errors(settings):
        if isinstance(found.rule, I2EError):
            raise found.rule
        rules.append(found.rule)
    return rules


def workable(settings: Settings, found: FoundRule, loaded: Loaded) -> tuple[Rule, list[Scorer]]:
    """The rule and its scorers, once its condition is held to the columns of `spans`. Works without a store.

    Raises ConfigError, naming file and line, for what keeps it from working.
    """
    if isinstance(found.rule, I2EError):
        raise ConfigError(found.error(found.rule))
    try:
        scorers = named(found.rule.scorers, loaded)
    except I2EError as error:
        raise ConfigError(found.error(error)) from None
    try:
        check_columns(settings, found.rule.where, "spans")
    except I2EError as error:
        raise ConfigError(found.where_error(found.rule, error)) from None
    try:
        check_keep(settings, found.rule)
    except I2EError as error:
        raise ConfigError(found.error(error)) from None
    return found.rule, scorers


def rules_or_errors(settings: Settings) -> list[FoundRule]:
    """Every rule, or what is wrong with it: one that is not valid must not stop the others."""
    lines = _lines(settings)
    count = Counter(str(cast("Any", table).get("name")) for table in settings.rules if isinstance(table, Mapping))  # pyright: ignore[reportUnnecessaryIsInstance] -- it comes from a file
    found: list[FoundRule] = []
    for position, table in enumerate(settings.rules, 1):
        name = str(table.get("name") or f"#{position}") if isinstance(table, Mapping) else f"#{position}"  # pyright: ignore[reportUnnecessaryIsInstance] -- it comes from a file
        line = f":{lines[position - 1]}" if len(lines) == len(settings.rules) else ""
        place = f"{settings.source or 'settings'}{line}: rule {name!r}"
        try:
            if count[name] > 1:
                raise ConfigError(f"{place}: {count[name]} rules have this name; give each its own")
            found.append(FoundRule(name, place, _rule(table, place)))
        except I2EError as error:
            found.append(FoundRule(name, place, error))
    return found


def _lines(settings: Settings) -> Sequence[int]:
    """Lines of the settings file on which a table `[[rules]]` begins; none when it cannot be read."""
    try:
        text = Path(settings.source).read_text(encoding="utf-8") if settings.source and settings.rules else ""
    except (OSError, UnicodeDecodeError):
        return ()
    return [number for number, line in enumerate(text.splitlines(), 1) if _TABLE.match(line)]


def _rule(table: Any, place: str) -> Rule:
    try:
        rule = Rule.model_validate(table)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        got = "" if problem["type"] == "missing" else f" = {problem['input']!r}"
        known = ", ".join(Rule.model_fields)
        raise ConfigError(f"{place}: {field}{got}: {problem['msg']}; the fields of a rule are {known}") from None
    check_condition(rule.where, place)
    for one in rule.keep:
        if one not in STRATA:
            _check_keep(one, place)
    return rule


def _check_keep(one: str, place: str) -> None:
    """A single word is a stratum whose name is wrong, more likely than a condition."""
    if one.isidentifier():
        near = get_close_matches(one, STRATA, 1)
        meant = f"did you mean {near[0]!r}?" if near else "write a condition over the columns of spans"
        raise ConfigError(f"{place}: keep = {one!r} is none of {', '.join(STRATA)}; {meant}")
    check_condition(one, place, name="keep")
