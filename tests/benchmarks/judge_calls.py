"""What a judge call costs this side of the wire: many calls of 50 ms each, a hundred at once.

    python tests/benchmarks/judge_calls.py [--calls 4000] [--concurrency 100] [--delay 0.05] [--loops N]

The API is a process of its own that answers every request after `--delay`, in asyncio without a framework. Printed:
wall time against the ideal (calls × delay / concurrency), CPU per call of this process, peak memory after a tenth of
the calls and at the end. With `--loops` the calls are spread over so many event loops, each in a thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import threading
import time
from typing import Any

from otel_i2e.judge import ClaudeJudge, built_in_prompts
from otel_i2e.models import JudgeQuestion, JudgeSettings

ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": '{"reasoning": "It says 30 days.", "choice": "satisfied"}'}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 500, "output_tokens": 60},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=100)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--loops", type=int, default=1)
    asked = parser.parse_args()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    api = multiprocessing.Process(target=_serve, args=(sender, asked.delay), daemon=True)
    api.start()
    os.environ["ANTHROPIC_API_KEY"] = "test"
    os.environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{receiver.recv()}"
    _measure(asked)
    api.terminate()


def _measure(asked: argparse.Namespace) -> None:
    ideal = asked.calls * asked.delay / asked.concurrency
    _spread(asked, asked.calls // 10)
    early = _peak_mb()
    wall, cpu = time.perf_counter(), time.process_time()
    _spread(asked, asked.calls)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{asked.calls} calls of {asked.delay * 1000:g} ms, {asked.concurrency} at once, {asked.loops} loop(s)")
    print(f"  wall {wall:.2f} s, {wall / ideal:.2f} × the ideal {ideal:.2f} s; {asked.calls / wall:.0f} calls/s")
    print(f"  CPU {cpu / asked.calls * 1e6:.0f} µs a call")
    print(f"  peak memory {early:.0f} MB after a tenth, {_peak_mb():.0f} MB at the end")


def _spread(asked: argparse.Namespace, calls: int) -> None:
    share, at_once = calls // asked.loops, asked.concurrency // asked.loops
    threads = [threading.Thread(target=lambda: asyncio.run(_ask(share, at_once))) for _ in range(asked.loops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def _ask(calls: int, at_once: int) -> None:
    settings = JudgeSettings(concurrency=at_once)
    prompt = built_in_prompts(settings)["must"]
    waiting = iter(range(calls))

    async def work(judge: ClaudeJudge) -> None:
        for number in waiting:
            shown = {"criterion": "says 30 days", "output": f"Within 30 days, case {number}. {'x' * 1000}"}
            verdict = await judge.ask(JudgeQuestion(prompt=prompt, shown=shown))
            assert verdict.choice == "satisfied"

    async with ClaudeJudge(settings) as judge:
        await asyncio.gather(*(work(judge) for _ in range(at_once)))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _serve(sender: Any, delay: float) -> None:
    asyncio.run(_serving(sender, delay))


async def _serving(sender: Any, delay: float) -> None:
    body = json.dumps(ANSWER).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readuntil(b"\r\n\r\n"):
            length = int(line.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            await asyncio.sleep(delay)
            writer.write(head + body)

    async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(until_closed, "127.0.0.1", 0, backlog=1000)
    sender.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    main()
