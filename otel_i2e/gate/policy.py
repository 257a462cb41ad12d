"""A policy file: TOML whose names are the fields of `models.Policy`."""

from __future__ import annotations

import re
import tomllib

from pydantic import ValidationError

from otel_i2e.errors import ConfigError
from otel_i2e.gate.wording import line
from otel_i2e.models import Policy

__all__ = ["parse_policy"]


def parse_policy(text: str, place: str) -> Policy:
    """The policy in `text`; `place` is the file's name, for messages.

    Raises ConfigError, in one line, naming the file, the line, the key, the value and the rule.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place}: not valid TOML: {error}") from None
    for key, value in table.items():
        if key not in Policy.model_fields:
            raise ConfigError(
                f"{_at(text, place, key)}: {key!r} is not a policy; the keys are {', '.join(Policy.model_fields)}"
            )
        try:
            Policy.model_validate({key: value}, strict=isinstance(value, bool))
        except ValidationError as error:
            rule = error.errors()[0]["msg"]
            raise ConfigError(
                f"{_at(text, place, key)}: {key} = {line(repr(value), 80)} is not valid: {rule}"
            ) from None
    return Policy.model_validate(table)


def _at(text: str, place: str, key: str) -> str:
    for number, row in enumerate(text.splitlines(), start=1):
        if re.match(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=\].]""", row):
            return f"{place}:{number}"
    return place
