"""Options that set fields of a case; `promote`, `review edit` and `review approve` share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

__all__ = ["case_options", "fields_of"]

F = TypeVar("F", bound=Callable[..., Any])
_FIELDS: Final = {
    "expected": "expected",
    "must": "must",
    "must_not": "must_not",
    "scorer": "scorers",
    "priority": "priority",
    "severity": "severity",
    "failure_mode": "failure_mode",
    "suite": "suite",
    "tag": "tags",
}
"""Option → field."""


def case_options(command: F) -> F:
    """`--expected`, `--must`, `--must-not`, `--scorer`, `--priority` and the other fields that a person sets."""
    for option in reversed(
        [
            click.option("--expected", help="What a right answer says."),
            click.option(
                "--must", multiple=True, help='What must hold: a check, \'{"contains": "30 days"}\', or a criterion.'
            ),
            click.option("--must-not", multiple=True, help="What must not hold; as --must."),
            click.option("--scorer", multiple=True, metavar="NAME", help="A scorer of the case; repeatable."),
            click.option("--priority", type=click.Choice(["P0", "P1", "P2"]), help="What the gate does on failure."),
            click.option("--severity", type=click.Choice(["S1", "S2", "S3", "S4"]), help="How bad it was."),
            click.option("--failure-mode", help="The label from the taxonomy."),
            click.option("--suite", help="The suite it runs in."),
            click.option("--tag", multiple=True, help="A free word; repeatable."),
        ]
    ):
        command = option(command)
    return command


def fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The case fields among a command's arguments, those that were given. UsageError for a check that is not JSON."""
    from otel_i2e.workflows.review import parse_entry

    fields: dict[str, Any] = {}
    for option, name in _FIELDS.items():
        value = given.get(option)
        if value in (None, ()):
            continue
        if name in ("must", "must_not"):
            value = [parse_entry(entry) for entry in value]
        fields[name] = list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType] -- click gives tuples of text
    return fields
