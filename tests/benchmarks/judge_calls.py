"""What a judge call costs this side of the wire: many calls of 50 ms each, a hundred at once.

    python tests/benchmarks/judge_calls.py [--calls 4000] [--concurrency 100] [--delay 0.05] [--profile]

The API is a process of its own that answers every request after `--delay`, in asyncio without a framework. In one
run: our judge with aiohttp (extra `judge`) and without, and as peers the SDK's own `messages.create` with the same
request, the same over a client that sends nothing and waits (what the SDK costs by itself), and aiohttp alone, below
which nothing in Python goes. Printed for each: wall time against the ideal (calls × delay / concurrency), CPU a call of
this process and of the API, how long this process stood in line for a core (Linux; that time is other programs'), peak
memory after a tenth of the calls and at the end. With `--profile`: in which package the CPU of our judge's calls goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import pstats
import resource
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import anthropic
import httpx2
import psutil

from otel_i2e.judge import ClaudeJudge, built_in_prompts
from otel_i2e.judge.request import encoded, request_of
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
SETTINGS = JudgeSettings(concurrency=1000)
PROMPT = built_in_prompts(SETTINGS)["must"]
PACKAGES = ("otel_i2e", "anthropic", "httpx2", "httpcore2", "aiohttp", "yarl", "multidict", "pydantic", "genai_prices",
            "anyio", "h11", "asyncio", "json", "opentelemetry")  # fmt: skip
Ask = Callable[[JudgeQuestion], Awaitable[Any]]


@asynccontextmanager
async def ours() -> AsyncGenerator[Ask]:
    """Our judge, with aiohttp where it is installed."""
    async with ClaudeJudge(SETTINGS) as judge:
        yield judge.ask


@asynccontextmanager
async def ours_without_extra() -> AsyncGenerator[Ask]:
    """Our judge as it is without the extra `judge`."""
    with patch("otel_i2e.judge.connection.is_fast", return_value=False):
        async with ClaudeJudge(SETTINGS) as judge:
            yield judge.ask


@asynccontextmanager
async def sdk() -> AsyncGenerator[Ask]:
    """The SDK as its README has it, with tracing off; nothing is read out of the message."""
    async with anthropic.AsyncAnthropic(open_telemetry={"traces": False, "propagation": False}) as client:
        create: Any = client.messages.create
        yield lambda question: create(**request_of(question, "marker"))


class Waiting(httpx2.AsyncClient):
    """Sends nothing, and answers after `delay`."""

    delay = 0.0

    async def send(self, request: httpx2.Request, **_options: Any) -> httpx2.Response:
        """The answer, when it is time."""
        await asyncio.sleep(self.delay)
        return httpx2.Response(200, json=ANSWER, request=request)


@asynccontextmanager
async def sdk_itself() -> AsyncGenerator[Ask]:
    """The SDK as above, over no network at all."""
    quiet: Any = {"traces": False, "propagation": False}
    async with anthropic.AsyncAnthropic(open_telemetry=quiet, http_client=Waiting()) as client:
        create: Any = client.messages.create
        yield lambda question: create(**request_of(question, "marker"))


@asynccontextmanager
async def floor() -> AsyncGenerator[Ask]:
    """aiohttp alone, with no retry, no error and no verdict."""
    url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1000)) as session:

        async def ask(question: JudgeQuestion) -> bytes:
            async with session.post(url, data=encoded(request_of(question, "marker"))) as response:
                return await response.read()

        yield ask


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=100)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    api = multiprocessing.Process(target=_serve, args=(sender, asked.delay), daemon=True)
    api.start()
    os.environ["ANTHROPIC_API_KEY"] = "test"
    os.environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{receiver.recv()}"
    Waiting.delay = asked.delay
    if asked.profile:
        _profile(asked)
    else:
        print(f"{asked.calls} calls of {asked.delay * 1000:g} ms, {asked.concurrency} at once")
        for name, way in (
            ("our judge, extra judge", ours),
            ("our judge, without it", ours_without_extra),
            (f"anthropic {version('anthropic')}", sdk),
            ("the same, no network", sdk_itself),
            (f"aiohttp {version('aiohttp')} alone", floor),
        ):
            asyncio.run(_measured(name, way, asked, psutil.Process(api.pid)))
    api.terminate()


async def _measured(name: str, way: Any, asked: argparse.Namespace, api: psutil.Process) -> None:
    ideal = asked.calls * asked.delay / asked.concurrency
    async with way() as ask:
        await _calls(ask, asked.calls // 10, asked.concurrency)
        early = _peak_mb()
        before = _clocks(api)
        await _calls(ask, asked.calls, asked.concurrency)
        wall, cpu, api_cpu, in_line = (after - start for after, start in zip(_clocks(api), before, strict=True))
    print(
        f"  {name:24} {wall / ideal:5.2f} × the ideal {ideal:.2f} s; CPU {cpu / asked.calls * 1e6:5.0f} µs a call, "
        f"of the API {api_cpu / asked.calls * 1e6:3.0f}; {cpu / wall:4.0%} of a core, {in_line / wall:4.0%} in line "
        f"for one; peak {early:.0f} → {_peak_mb():.0f} MB"
    )


async def _calls(ask: Ask, calls: int, at_once: int) -> None:
    waiting = iter(range(calls))

    async def work() -> None:
        for number in waiting:
            shown = {"criterion": "says 30 days", "output": f"Within 30 days, case {number}. {'x' * 1000}"}
            await ask(JudgeQuestion(prompt=PROMPT, shown=shown))

    await asyncio.gather(*(work() for _ in range(at_once)))


def _profile(asked: argparse.Namespace) -> None:
    async def go() -> None:
        async with ours() as ask:
            await _calls(ask, asked.calls // 10, asked.concurrency)
            profile.enable()
            await _calls(ask, asked.calls, asked.concurrency)
            profile.disable()

    profile = cProfile.Profile()
    asyncio.run(go())
    share: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        if "select" in name or "poll" in name:
            continue
        parts = file.split("/")
        share[next((one for one in PACKAGES if one in parts), "C functions and the rest")] += own
    for package, own in share.most_common():
        print(f"  {package:26} {own / share.total():6.1%}")


def _clocks(api: psutil.Process) -> tuple[float, float, float, float]:
    """Seconds: of the wall, CPU of this process and of the API, and this thread's wait for a core."""
    line = Path("/proc/self/schedstat")
    in_line = int(line.read_text().split()[1]) / 1e9 if line.exists() else 0.0
    return time.perf_counter(), time.process_time(), sum(api.cpu_times()[:2]), in_line


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Api(asyncio.Protocol):
    """Answers each request of a connection, one after the other."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._waiting = b""
        body = json.dumps(ANSWER).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._answer = head.encode() + body

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        head, found, rest = self._waiting.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if found and len(rest) >= length:
            self._waiting = rest[length:]
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, self._answer)


def _serve(sender: Any, delay: float) -> None:
    async def serving() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Api(delay), "127.0.0.1", 0, backlog=1000)
        sender.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serving())


if __name__ == "__main__":
    main()
