"""`import otel_i2e.auto` at the top of an application records it. Nothing else is needed.

Settings come from `I2E_*` variables, `i2e.toml` or `pyproject.toml` (`otel_i2e.config`). Wrong settings
are logged in one line and nothing is recorded; the application goes on.
"""

from __future__ import annotations

from otel_i2e.capture import start

__all__: list[str] = []

start()
