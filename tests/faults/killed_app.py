"""An application under load: `killed_app.py STORE`. Prints the ids of spans that are flushed, until it is killed."""

from __future__ import annotations

import sys

from opentelemetry.sdk.trace import TracerProvider

from otel_i2e.capture import install
from otel_i2e.config import Settings

provider = TracerProvider()
recorder = install(Settings(store=sys.argv[1], ingest_interval=0.05, flush_interval=0.02), provider=provider)
tracer = provider.get_tracer("killed_app")
while True:
    ids: list[str] = []
    for _ in range(20):
        with tracer.start_as_current_span("chat m", attributes={"gen_ai.operation.name": "chat"}) as span:
            ids.append(format(span.get_span_context().span_id, "016x"))
    if recorder.flush() and not recorder.counts:
        print(*ids, flush=True)
