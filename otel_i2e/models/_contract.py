"""The root of every contract: frozen, unknown fields refused, no I/O."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]
"""A JSON object as Python has it after parsing."""


class Contract(BaseModel):
    """A value that crosses a border between rooms."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
