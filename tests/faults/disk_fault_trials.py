"""What writes to the disk that `disk_fault.c` makes fail: `disk_fault_trials.py ingest|capture FOLDER`, preloaded.

Waits for a line on standard input, works, and says what came of it in one line of JSON; again and again.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings
from otel_i2e.errors import I2EError
from otel_i2e.spool import Spool
from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.workflows.ingest import ingest


def _ingest(settings: Settings) -> dict[str, Any]:
    """`put` lines are requests; any other line is one turn of ingest."""
    try:
        report = ingest(settings)
    except I2EError as error:
        return {"error": type(error).__name__, "said": str(error)}
    return {"stored": report.stored}


def _put(settings: Settings) -> dict[str, Any]:
    ids = span_ids(20)
    spool = Spool(settings.spool_path)
    spool.put(traces_request(ids, content=ids[0][0] * 60), items=len(ids))
    spool.close()
    return {"put": [span for _, span in ids]}


def main(what: str, folder: Path) -> None:
    """Until standard input ends."""
    settings = Settings(store=str(folder / "s.duckdb"), lock_timeout=5, flush_interval=0.01)
    recorder = Recorder(settings)
    provider = TracerProvider()
    provider.add_span_processor(I2ESpanProcessor(recorder))
    tracer = provider.get_tracer("trial")
    for line in sys.stdin:
        if what == "ingest":
            found = _put(settings) if line.strip() == "put" else _ingest(settings)
        else:
            began = time.perf_counter()
            with tracer.start_as_current_span("chat m") as span:
                pass
            took = time.perf_counter() - began
            recorder.flush()
            counts = {"/".join(key): n for key, n in recorder.counts.items()}
            found = {"span": format(span.get_span_context().span_id, "016x"), "took": took, "counts": counts}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
