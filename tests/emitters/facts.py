"""What every emitter is given: models, prompt, tools, documents, an image, identities. Standard library only."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

CLAUDE = "claude-sonnet-5"
GPT = "gpt-4.1-mini"
CLAUDE_SNAPSHOT = "claude-sonnet-5-20261001"
GPT_SNAPSHOT = "gpt-4.1-mini-2026-04-14"

SYSTEM = "You are the support agent of a shop for electronics. Answer from the policy only."
QUESTION = "Can I return a laptop after 90 days?"
TEMPERATURE = 0.25
TOP_P = 0.95
MAX_TOKENS = 321
STOP = "<<END>>"

CONVERSATION = "conversation-4711"
USER = "user-0815"
PROMPT_NAME = "support-answer"
PROMPT_VERSION = 7
PROMPT_VARIABLES = {"shop": "Elektro Süd", "tone": "brief and friendly"}

TOOL_QUESTION = "Where is my order A-1719, and may I still return it?"
TOOLS: list[dict[str, Any]] = [
    {
        "name": "get_order",
        "description": "Look up an order by its number.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string", "description": "Like A-1234."}},
            "required": ["order_id"],
        },
    },
    {
        "name": "search_policy",
        "description": "Search the shop's policy.",
        "parameters": {
            "type": "object",
            "properties": {"topic": {"type": "string"}, "limit": {"type": "integer"}},
            "required": ["topic", "limit"],
        },
    },
]
"""Functions with these names, arguments and descriptions are what frameworks are given."""


def get_order(order_id: str) -> str:
    """Look up an order by its number."""
    return json.dumps({"order_id": order_id, "status": "delivered to Łódź", "days_ago": 12})


def search_policy(topic: str, limit: int) -> str:
    """Search the shop's policy."""
    return json.dumps({"topic": topic, "limit": limit, "rule": "Electronics: 30 days, unopened or faulty."})


def run_tool(name: str, arguments: dict[str, Any]) -> str:
    """The tool's result as JSON text."""
    return {"get_order": get_order, "search_policy": search_policy}[name](**arguments)


RETRIEVAL_QUERY = "return window for laptops"
DOCUMENTS: list[dict[str, Any]] = [
    {
        "id": "policy-12",
        "score": 0.9137,
        "content": "Electronics may be returned within 30 days of delivery.",
        "metadata": {"source": "policy.md", "section": "returns"},
    },
    {
        "id": "policy-31",
        "score": 0.4421,
        "content": "Opened software cannot be returned – ever.",
        "metadata": {"source": "policy.md", "section": "software"},
    },
]


def grounded_question() -> str:
    """The question with the documents in front, as a RAG app asks it."""
    return "\n".join(document["content"] for document in DOCUMENTS) + f"\n\n{QUESTION}"


_PARAGRAPH = (
    "Grüße aus Łódź! 笔记本电脑可以在九十天后退货吗？ הלקוח ביקש החזר מלא. العميل غاضب جدا. "
    'Ψάχνω την πολιτική επιστροφών… 👩🏽‍💻💸 "quoted" \\back\\slash\ttab\n'
)
LONG_PROMPT = "".join(f"[{number:03d}] {_PARAGRAPH}" for number in range(60))


def _png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes((x * y) % 251 for x in range(side * 3)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


IMAGE = _png(8)
IMAGE_BASE64 = base64.b64encode(IMAGE).decode()
IMAGE_QUESTION = "What is broken on this laptop?"
