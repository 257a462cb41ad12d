"""The gate's policy file, and where a policy came from: a decision is no better known than the rules it was made by."""

from __future__ import annotations

import os
from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError
from otel_i2e.gate import parse_policy
from otel_i2e.models import Policy, Priority

__all__ = ["policy_origin", "read_policy"]


def read_policy(path: str) -> Policy:
    """The policy in a file; the built-in one for an empty path. Raises ConfigError, one line with the key."""
    if not path:
        return Policy()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"cannot read policy {path!r}: {said}; name a TOML file with --policy") from None
    return parse_policy(text, path)


def policy_origin(settings: Settings, policy: str | None, fail_on: Priority | None) -> str:
    """Which rules a decision is made by, for its reports: `gate.toml (I2E_POLICY), --fail-on P0`."""
    path = Path(policy or settings.policy)
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path
    name = shown.as_posix() if policy or settings.policy else "built-in"
    by_variable = not policy and os.environ.get("I2E_POLICY") is not None
    return f"{name}{' (I2E_POLICY)' if by_variable else ''}{f', --fail-on {fail_on}' if fail_on else ''}"
