"""otel-i2e: production LLM failures become regression tests that gate releases."""

from __future__ import annotations

__version__ = "0.1.0"
