"""What one span costs to become a row grows with its size, whatever stands in it: no acknowledged span holds up ingest.

The same shape is prepared once and four times as large. What is linear takes about four times as long, what is
quadratic sixteen times; nine are allowed.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from otel_i2e.redact import make_redactor
from otel_i2e.spool import Batch
from otel_i2e.workflows.preparing import prepare

ALLOWED = 9
TIMES = 4
SIZE = 104_000  # characters; short texts are remembered, which is no measure
LEAST = 0.002  # seconds: what is shorter is not measured well


def _many(item: Callable[[int], Any], size: int) -> list[Any]:
    return [item(n) for n in range(size // len(json.dumps(item(1000))))]


def _asked_twice(size: int) -> str:
    """Tool calls among the content, and as many others beside it."""
    blocks = _many(lambda n: {"type": "tool_use", "id": f"b{n}", "name": "f", "input": {}}, size // 2)
    beside = [
        {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": "{}"}} for n in range(len(blocks))
    ]
    return json.dumps([{"role": "assistant", "content": blocks, "tool_calls": beside}])


SHAPES: Final[dict[str, Callable[[int], str]]] = {
    "backslashes": lambda size: "\\" * size,
    "backslashes behind base64": lambda size: ";base64," + "\\" * size,
    "base64 signs": lambda size: ";base64," * (size // 8),
    "media types": lambda size: "data:" + "a" * (size // 2) + "/" + "b" * (size // 2),
    "declared base64": lambda size: '{"type":"image","data":"AAAABBBBCCCCDDDD"},' * (size // 44),
    "fields of base64": lambda size: '"data":"AAAABBBBCCCCDDDD",' * (size // 26),
    "a field of backslashes": lambda size: '"data' + "\\" * size,
    "brackets": lambda size: "[" * size,
    "cut nested objects": lambda size: '[{"a":' * (size // 6),
    "cut text of backslashes": lambda size: '[{"' + "\\" * size,
    "cut list": lambda size: '[{"a":["' + 'a","' * (size // 4),
    "quotes": lambda size: '"' * size,
    "instructions": lambda size: json.dumps(_many(lambda n: {"role": "system", "content": f"rule {n}"}, size)),
    "instructions of a request": lambda size: json.dumps(
        {"model": "m", "messages": _many(lambda n: {"role": "system", "content": f"rule {n}"}, size)}
    ),
    "tool calls twice": _asked_twice,
    "tool results": lambda size: json.dumps(
        [{"role": "user", "content": _many(lambda n: {"type": "tool_result", "tool_use_id": n, "content": "x"}, size)}]
    ),
    "printed Python": lambda size: "{'a': " * (size // 6),
}
PLACES: Final = {
    "": ("x", "gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.output.messages"),
    "LLM": ("input.value", "output.value", "llm.invocation_parameters"),
}
"""`openinference.span.kind` → attributes that the value is put into."""


@pytest.mark.parametrize("kind", PLACES, ids=["opentelemetry", "openinference"])
@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_size(shape: str, kind: str) -> None:
    """Four times as much takes about four times as long; and it becomes a row."""
    small, large = (_span(SHAPES[shape](size), kind) for size in (SIZE, SIZE * TIMES))
    growth = min(_seconds(large, 1) / max(_seconds(small, 3), LEAST) for _ in range(3))
    print(f"{TIMES} times as many {shape}: {growth:.1f} times as long")
    assert growth < ALLOWED


@pytest.mark.parametrize("shape", SHAPES)
def test_time_of_the_redactor_grows_with_size(shape: str) -> None:
    """The receiver looks for secrets before it answers, and other senders wait."""
    redactor = make_redactor({"enabled": True})
    assert redactor is not None
    redactor.text("what is loaded at first use counts for none")
    small, large = SHAPES[shape](SIZE), SHAPES[shape](SIZE * TIMES)
    growth = min(_redacts(redactor, large, 1) / max(_redacts(redactor, small, 3), LEAST) for _ in range(3))
    print(f"secrets in {TIMES} times as many {shape}: {growth:.1f} times as long")
    assert growth < ALLOWED


def _redacts(redactor: Any, text: str, times: int) -> float:
    """Seconds of CPU, the least of several."""
    taken: list[float] = []
    for _ in range(times):
        begin = time.process_time()
        redactor.text(text)
        taken.append(time.process_time() - begin)
    return min(taken)


def _span(value: str, kind: str) -> Batch:
    texts = {"gen_ai.operation.name": "chat", **({"openinference.span.kind": kind} if kind else {})}
    texts |= dict.fromkeys(PLACES[kind], value)
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "chat",
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()],
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    return Batch(1, "traces", "json", 1, 0.0, body)


def _seconds(batch: Batch, times: int) -> float:
    """Of CPU, the least of several."""
    taken: list[float] = []
    gc.disable()  # its share grows by steps
    try:
        for _ in range(times):
            begin = time.process_time()
            assert len(prepare([batch]).rows) == 1
            taken.append(time.process_time() - begin)
    finally:
        gc.enable()
    return min(taken)
