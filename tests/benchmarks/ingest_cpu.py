"""CPU per LLM span on its way from the spool into the store, step by step: decode, normalize, insert.

    python tests/benchmarks/ingest_cpu.py [--spans 4000] [--batch 500] [--rounds 5]

Spans are like those of a support agent, about 5 KB as OTLP protobuf. Each step is timed by the CPU time
of the whole process, as its best round; beside the microseconds stands its share of all steps. `insert`
is one write lease a batch: opening the file, the rows, commit and checkpoint.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otel_i2e.models import SpanRow
from otel_i2e.normalize import RawSpan, decode_traces, duplicate_links, normalize_span
from otel_i2e.store import Store

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz" * 8 + "éü’—"  # answers of models have such
_WORDS: Final = ["".join(random.Random(word).choices(_LETTERS, k=3 + word % 7)) for word in range(4000)]
_START: Final = 1_763_650_000_000_000_000
_TOOL: Final = {
    "type": "function",
    "name": "lookup_order",
    "description": "Look up an order by its number, with its state and the day it was delivered.",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=4000, help="spans in a round")
    parser.add_argument("--batch", type=int, default=500, help="spans in a request, and in a write lease")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the best counts")
    given = parser.parse_args()
    rng = random.Random(7)
    starts = range(0, given.spans, given.batch)
    bodies = [request(rng, start, min(given.batch, given.spans - start)) for start in starts]
    size = sum(map(len, bodies)) / given.spans
    print(f"{given.spans:,} spans of {size:,.0f} bytes in batches of {given.batch}; the best of {given.rounds} rounds")

    raws: list[list[RawSpan]] = []
    rows: list[list[SpanRow]] = []
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: refill(raws, (decode_traces(body, "protobuf") for body in bodies)),
        "normalize": lambda: refill(rows, ([normalize_span(raw) for raw in batch] for batch in raws)),
        "link": lambda: [duplicate_links(batch) for batch in rows],
        "insert": lambda: insert(rows),
    }
    spent = {name: best(step, given.rounds) / given.spans for name, step in steps.items()}
    total = sum(spent.values())
    for name, seconds in spent.items():
        print(f"  {name:10} {seconds * 1e6:7.1f} µs/span {seconds / total:6.0%}")
    print(f"  {'all':10} {total * 1e6:7.1f} µs/span")


def best(step: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU of the quickest round."""
    quickest = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        step()
        quickest = min(quickest, time.process_time() - began)
    return quickest


def refill(into: list[Any], values: Any) -> None:
    """Replace the content of `into` as the values come, as ingest lets go of one batch after another."""
    into.clear()
    into.extend(values)


def insert(batches: Sequence[Sequence[SpanRow]]) -> None:
    """Every batch in a write lease of its own, into a store that is new."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "i2e.duckdb")
        for batch in batches:
            with store.write() as writer:
                writer.add_spans([dict(row) for row in batch])


def request(rng: random.Random, start: int, count: int) -> bytes:
    """An `ExportTraceServiceRequest` of `count` model calls."""
    message = ExportTraceServiceRequest()
    of_resource = message.resource_spans.add()
    resource = {"service.name": "support", "service.version": "1.2", "telemetry.sdk.language": "python"}
    put(of_resource.resource.attributes, resource)
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name, of_scope.scope.version = "com.anthropic.sdk.python", "2.11.0"
    for number in range(start, start + count):
        span = of_scope.spans.add()
        span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
        span.name, span.kind = "anthropic.messages.create", Span.SPAN_KIND_CLIENT
        span.start_time_unix_nano = _START + number * 50_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + rng.randrange(300, 3000) * 1_000_000
        span.status.code = Status.STATUS_CODE_OK
        put(span.attributes, call(rng, number))
    return message.SerializeToString()


def call(rng: random.Random, number: int) -> dict[str, Any]:
    """Attributes of one call, as the Anthropic SDK sends them, completed by our capture."""
    turns = [("user", 1200), ("assistant", 300), ("user", 700)]
    said = [{"role": role, "parts": [{"type": "text", "content": words(rng, size)}]} for role, size in turns]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": words(rng, 1000)}]}]
    return {
        "server.address": "api.anthropic.com",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.request.max_tokens": 1024,
        "url.scheme": "https",
        "url.path": "/v1/messages",
        "url.full": "https://api.anthropic.com/v1/messages",
        "http.response.status_code": 200,
        "anthropic.request.id": f"req_{number:024d}",
        "gen_ai.response.id": f"msg_{number:024d}",
        "gen_ai.response.model": "claude-sonnet-4-5-20250929",
        "gen_ai.usage.cache_write.input_tokens": 0,
        "gen_ai.usage.cache_read.input_tokens": 512,
        "gen_ai.usage.input_tokens": 900 + number % 50,
        "gen_ai.usage.output_tokens": 180 + number % 40,
        "anthropic.message.stop_reason": "end_turn",
        "gen_ai.conversation.id": f"conversation-{number // 4}",
        "user.id": f"user-{number % 53}",
        "gen_ai.prompt.name": "support",
        "gen_ai.prompt.version": "7",
        "gen_ai.system_instructions": compact([{"type": "text", "content": words(random.Random(1), 900)}]),
        "gen_ai.tool.definitions": compact([_TOOL]),
        "gen_ai.input.messages": compact(said),
        "gen_ai.output.messages": compact(answer),
    }


def words(rng: random.Random, size: int) -> str:
    """About `size` characters of words."""
    text = " ".join(rng.choices(_WORDS, k=size // 6))
    return text[:size]


def compact(value: Any) -> str:
    """JSON as the SDK writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def put(holder: Any, attributes: dict[str, Any]) -> None:
    """Text and integers as OTLP pairs."""
    for key, value in attributes.items():
        pair = holder.add()
        pair.key = key
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


if __name__ == "__main__":
    main()
