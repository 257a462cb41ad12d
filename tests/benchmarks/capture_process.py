"""CPU of the whole process for one recorded LLM span, flushed, against BatchSpanProcessor with OTLP/HTTP.

python tests/benchmarks/capture_process.py [--spans 6000] [--rate 2000] [--rounds 5]

The same spans (5 KB of content, different words in each) are made in processes of their own, in turn:

- otlp: BatchSpanProcessor and the OTLP/HTTP exporter, to a sink in another process that answers 200;
- spool: otel-i2e with I2E_INGEST=off, until every span is in the spool (target 0.6x of otlp);
- store: otel-i2e at its defaults, until every span is in the DuckDB store (target 1.0x of otlp).

Counted is the process's CPU in all threads, from before the first span to after the flush. One span is
recorded and flushed before, so that what is loaded on first use counts for none of the three.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TARGETS = {"spool": 0.6, "store": 1.0}
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-haiku-4-5",
    "gen_ai.request.max_tokens": 500,
    "gen_ai.response.model": "claude-haiku-4-5",
    "gen_ai.usage.input_tokens": 900,
    "gen_ai.usage.output_tokens": 120,
    "anthropic.message.stop_reason": "end_turn",
    "server.address": "api.anthropic.com",
    "server.port": 443,
    "http.response.status_code": 200,
}


class Sink(BaseHTTPRequestHandler):
    """Takes every request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read and accept."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def contents(n: int) -> list[dict[str, str]]:
    """What `n` calls said, about 5 KB each."""
    words = ["".join(random.Random(i).choices("abcdefghijklmnopqrstuvwxyz", k=3 + i % 7)) for i in range(4000)]
    rng = random.Random(7)

    def said(size: int, role: str) -> str:
        text = " ".join(rng.choices(words, k=size // 7))
        return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])

    system = json.dumps([{"type": "text", "content": " ".join(words[:120])}])
    return [
        {
            "gen_ai.system_instructions": system,
            "gen_ai.input.messages": said(3000, "user"),
            "gen_ai.output.messages": said(1000, "assistant"),
            "gen_ai.response.id": f"msg_{i:08}",
        }
        for i in range(n)
    ]


def set_up(mode: str, sink: str) -> Any:
    """Make spans go where `mode` says; a function that flushes."""
    from opentelemetry import trace

    if mode == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{sink}/v1/traces")))
        trace.set_tracer_provider(provider)
        return provider.force_flush
    import_module("otel_i2e.auto")
    from otel_i2e.capture import recorder

    found = recorder()
    assert found is not None

    def flush() -> None:
        assert found.flush(60)
        assert not found.counts, found.counts
        if mode == "store":
            wait_until_empty(found.spool_path)

    return flush


def wait_until_empty(path: Path) -> None:
    """Until the background has moved everything."""
    from otel_i2e.spool import Spool

    spool, deadline = Spool(path), time.monotonic() + 120
    while spool.stats().batches:
        assert time.monotonic() < deadline, "the spool was not moved into the store"
        time.sleep(0.2)
    spool.close()


def record(mode: str, sink: str, spans: int, rate: float) -> None:
    """In a process of its own: record, flush, print the CPU microseconds for one span."""
    from opentelemetry import trace

    said = contents(spans)
    flush = set_up(mode, sink)
    trace.get_tracer("warm").start_span("warm").end()
    flush()
    tracer = trace.get_tracer("benchmark")
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    for i, content in enumerate(said):
        span = tracer.start_span("anthropic.messages.create", attributes=ATTRIBUTES)
        span.set_attributes(content)
        span.end()
        if i % 100 == 99 and (early := begun + i / rate - time.monotonic()) > 0:
            time.sleep(early)
    flush()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(cpu / spans * 1e6)


def measure(mode: str, sink: str, given: argparse.Namespace) -> float:
    """CPU microseconds for one span in a new process with a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "I2E_STORE": f"{folder}/i2e.duckdb",
            "I2E_INGEST": "on" if mode == "store" else "off",
        }
        command = [sys.executable, __file__, "--record", mode, "--sink", sink]
        command += ["--spans", str(given.spans), "--rate", str(given.rate)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return float(done.stdout)


def main() -> None:
    """Interleave the modes and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=6000, help="spans in a round")
    parser.add_argument("--rate", type=float, default=2000, help="spans a second")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; medians count")
    parser.add_argument("--record", choices=("otlp", "spool", "store"), help=argparse.SUPPRESS)
    parser.add_argument("--sink", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.record:
        record(given.record, given.sink, given.spans, given.rate)
        return
    modes = ["otlp", "spool"] + (["store"] if find_spec("otel_i2e.workflows.background") else [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    if (sink := os.fork()) == 0:
        server.serve_forever()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        spent: dict[str, list[float]] = {mode: [] for mode in modes}
        for _ in range(given.rounds):
            for mode in modes:
                spent[mode].append(measure(mode, url, given))
    finally:
        os.kill(sink, 9)
        os.waitpid(sink, 0)
    peers = ", ".join(
        f"{name} {version(name)}" for name in ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http", "duckdb")
    )
    print(f"Python {platform.python_version()}, {peers}; {given.rounds} x {given.spans} spans at {given.rate:g}/s")
    for mode in modes:
        print(f"{mode:6} {statistics.median(spent[mode]):6.1f} us CPU a span")
    for mode in modes[1:]:
        ratio = statistics.median(ours / peer for ours, peer in zip(spent[mode], spent["otlp"], strict=True))
        print(f"{mode} / otlp: {ratio:.2f}x (target {TARGETS[mode]}x)")


if __name__ == "__main__":
    main()
