"""The store: one DuckDB file, open for as short as possible. The only room that imports duckdb."""

from __future__ import annotations

from otel_i2e.store.read import Reader
from otel_i2e.store.repeats import FAILED, Apart, Near
from otel_i2e.store.sandbox import Described
from otel_i2e.store.store import Store
from otel_i2e.store.write import Writer

__all__ = ["FAILED", "Apart", "Described", "Near", "Reader", "Store", "Writer"]
