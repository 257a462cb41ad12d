"""Time on the application's thread for one recorded LLM span, against BatchSpanProcessor with a do-nothing exporter.

python tests/benchmarks/capture_thread.py

Both make the same spans (5 KB of content, 20 attributes) in turn; what is flushed between two bursts is not
counted. CPU time of the thread is the measure; wall time, which the recording thread disturbs through the
GIL, stands beside it. A provider without any processor shows what the SDK itself takes.
"""

from __future__ import annotations

import logging
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.capture.recorder import Recorder
from otel_i2e.config import Settings

ROUNDS = 25
SPANS = 1000
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-haiku-4-5",
    "gen_ai.request.max_tokens": 500,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.id": "msg_0123456789",
    "gen_ai.response.model": "claude-haiku-4-5",
    "gen_ai.usage.input_tokens": 900,
    "gen_ai.usage.output_tokens": 120,
    "server.address": "api.anthropic.com",
    "server.port": 443,
    "http.response.status_code": 200,
}
CONTENT = {
    "gen_ai.system_instructions": "s" * 800,
    "gen_ai.input.messages": "i" * 3000,
    "gen_ai.output.messages": "o" * 1200,
}


class Nothing(SpanExporter):
    """Exports nowhere."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002 -- that is its point
        """Do nothing."""
        return SpanExportResult.SUCCESS


def burst(provider: TracerProvider) -> tuple[float, float]:
    """CPU and wall seconds of this thread for one span."""
    tracer = provider.get_tracer("benchmark")
    cpu, wall = time.thread_time(), time.perf_counter()
    for _ in range(SPANS):
        span = tracer.start_span("anthropic.messages.create", attributes=ATTRIBUTES)
        span.set_attributes(CONTENT)
        span.end()
    spent = (time.thread_time() - cpu) / SPANS, (time.perf_counter() - wall) / SPANS
    provider.force_flush()
    return spent


def main() -> None:
    """Interleave the three and print medians and the ratio of ours to the peer."""
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Settings(store=f"{folder}/i2e.duckdb"))
        providers = {name: TracerProvider(shutdown_on_exit=False) for name in ("none", "batch", "ours")}
        providers["batch"].add_span_processor(BatchSpanProcessor(Nothing()))
        providers["ours"].add_span_processor(I2ESpanProcessor(recorder))
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in providers}
        for turn in range(ROUNDS):
            for name in sorted(providers, key=lambda name: hash((name, turn))):
                spent[name].append(burst(providers[name]))
        assert not recorder.counts, recorder.counts
        recorder.close()
    sdk = version("opentelemetry-sdk")
    print(f"Python {platform.python_version()}, opentelemetry-sdk {sdk}, {ROUNDS} x {SPANS} spans")
    for name, times in spent.items():
        cpu, wall = (statistics.median(column) * 1e6 for column in zip(*times, strict=True))
        print(f"{name:6} {cpu:6.1f} us CPU on the thread, {wall:6.1f} us wall")
    for i, what in enumerate(("thread CPU", "wall")):
        ratio = statistics.median(ours[i] / peer[i] for ours, peer in zip(spent["ours"], spent["batch"], strict=True))
        print(f"ours / BatchSpanProcessor, {what}: {ratio:.2f}x" + (" (target 1.15x)" if not i else ""))


if __name__ == "__main__":
    main()
