"""The spans of our own helpers: `@observe`, `span(kind=…)`, `record_documents`."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect

__all__ = ["I2E"]


def _kind(value: Any) -> str | None:
    return value if value in semconv.SPAN_KINDS else None


I2E: Final = Dialect(name="i2e", fields={"kind": (semconv.I2E_KIND,)}, readers={"kind": _kind})
