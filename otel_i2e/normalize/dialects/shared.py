"""Names that several families use, and that show none of them."""

from __future__ import annotations

from typing import Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect

__all__ = ["SHARED"]

SHARED: Final = Dialect(
    name="",
    fields={
        "user_id": (semconv.USER_ID, "enduser.id", "user_id"),
        "conversation_id": ("session.id", "session_id"),
        "input_text": (semconv.INPUT_VALUE,),
        "output_text": (semconv.OUTPUT_VALUE,),
        "cost_usd": ("operation.cost",),
        "experiment_id": (semconv.I2E_EXPERIMENT_ID,),
        "case_id": (semconv.I2E_CASE_ID,),
        "repeat": (semconv.I2E_REPEAT,),
    },
)
