"""A support agent with retrieval and a tool, written as one writes against the Anthropic SDK.

python agent.py "Can I return a laptop after 90 days?"
python agent.py --serve < customers.jsonl
"""

import otel_i2e.auto  # the one import: every model call is recorded from here on

import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import anthropic

HERE = Path(__file__).parent
PROMPT = tomllib.loads((HERE / "prompt.toml").read_text(encoding="utf-8"))
POLICIES = json.loads((HERE / "policies.json").read_text(encoding="utf-8"))
ORDERS = {"A-1042": "on its way and arrives on Thursday", "A-1043": "waiting for payment"}
TOOLS: Any = [
    {
        "name": "search_policies",
        "description": "Find what the shop's documents say about a topic.",
        "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
    {
        "name": "order_status",
        "description": "Say where an order is.",
        "input_schema": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
    },
]
client = anthropic.Anthropic()


@otel_i2e.observe(kind="retrieval")
def search_policies(query: str) -> str:
    """The two policies that share most words with the query."""
    asked = words(query)
    ranked = sorted(POLICIES, key=lambda policy: -len(asked & words(policy["title"] + " " + policy["content"])))
    otel_i2e.record_documents(ranked[:2])
    return "\n".join(f"[{policy['id']}] {policy['content']}" for policy in ranked[:2])


@otel_i2e.observe(kind="tool")
def order_status(order: str) -> str:
    """Where an order is."""
    return ORDERS.get(order, "no such order")


@otel_i2e.observe(kind="agent")
def answer(question: str) -> str:
    """One turn: the model may use the tools, then it answers."""
    messages: list[Any] = [{"role": "user", "content": question}]
    with otel_i2e.use_prompt("support", PROMPT["version"]):
        for _ in range(5):
            reply = client.messages.create(
                model=os.environ.get("SUPPORT_MODEL", "claude-haiku-4-5"),
                max_tokens=500,
                system=PROMPT["text"],
                tools=TOOLS,
                messages=messages,
            )
            if reply.stop_reason != "tool_use":
                return "".join(block.text for block in reply.content if block.type == "text")
            results = [run_tool(block) for block in reply.content if block.type == "tool_use"]
            messages += [{"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
    raise RuntimeError("no answer after five rounds of tools")


def run_tool(call: Any) -> dict[str, Any]:
    """Run what the model asked for."""
    tool = {"search_policies": search_policies, "order_status": order_status}[call.name]
    return {"type": "tool_result", "tool_use_id": call.id, "content": tool(**call.input)}


def serve() -> None:
    """Answer customers, one JSON object a line; an unhappy one presses thumbs down."""
    for line in sys.stdin:
        customer = json.loads(line)
        with otel_i2e.conversation(customer["id"], user=customer["name"]), otel_i2e.span("visit", kind="chain"):
            said, trace_id = answer(customer["question"]), otel_i2e.current_trace_id()
        happy = customer.get("knows", "") in said
        if not happy:
            otel_i2e.feedback(trace_id, 0.0, comment=customer["complaint"])
        print(json.dumps({**customer, "answer": said, "happy": happy, "worker": os.getpid()}), flush=True)


def words(text: str) -> set[str]:
    """Lower-case words of four letters and more, without a plural s."""
    return {word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower())}


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else print(answer(" ".join(sys.argv[1:])))
