"""Where somebody stands on the loop: record, query, promote, review, evaluate, gate; and the command that leads on."""

from __future__ import annotations

from typing import Final

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.store import Reader, Store

__all__ = ["after_evaluation"]

_RECORDED: Final = "SELECT 1 FROM span_rows WHERE experiment_id IS NULL LIMIT 1"
_FAILED: Final = "SELECT DISTINCT trace_id FROM failures LIMIT 1000"


def after_evaluation(settings: Settings) -> tuple[str, ...]:
    """The gate, and what the store says of the rest of the loop; one line each, the first command first."""
    try:
        with Store.of(settings).read() as reader:
            then = _then(reader)
    except I2EError:  # an evaluation is not to fail for a hint
        then = None
    return ("i2e gate", *([then] if then else []))


def _then(reader: Reader) -> str | None:
    waiting = len(reader.cases(status="proposed"))
    if waiting:
        return f"i2e review list   # {waiting} proposed case{' waits' if waiting == 1 else 's wait'} for a person"
    if not reader.rows(_RECORDED):
        return "put `import otel_i2e.auto` first in your application and run it   # nothing is recorded yet"
    known = {stored.case.origin.trace_id for stored in reader.cases() if stored.case.origin is not None}
    failed = [row for row in reader.rows(_FAILED) if row["trace_id"] not in known]
    if failed:
        what = "1 failure in production is" if len(failed) == 1 else f"{len(failed)} failures in production are"
        return f"i2e query list, i2e promote QUERY --dataset NAME   # {what} no case yet"
    return None
