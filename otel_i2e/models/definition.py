"""What a scorer is, in full: what its version is a hash of, kept so that two versions can be compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from otel_i2e.models._contract import Contract, Json

__all__ = ["Definition", "ScorerIdentity"]


class Definition(Contract):
    """A scorer as its version says."""

    version: str
    """12 hex digits: a hash of all of it."""
    text: str = ""
    """Its code with the functions that it names, or its prompt."""
    parameters: Json = Field(default_factory=dict[str, Any])
    """Its parameters and the constants that it names; of a judge the choices, fields and model."""


class ScorerIdentity(Contract):
    """A row of the table `scorer_identities`: a scorer's definition, kept when its first attempt is stored."""

    scorer: str
    """The scorer's name."""
    scorer_version: str
    """Its version."""
    kind: str
    """`code` or `judge`."""
    source: str
    """Where it was defined: `file:line`, a prompt file, or `built in`."""
    text: str
    """Its code or prompt."""
    parameters: Json = Field(default_factory=dict[str, Any])
    """Its parameters."""
    first_seen: datetime
    """UTC."""
