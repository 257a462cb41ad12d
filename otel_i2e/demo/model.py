"""The model of the offline demo: it reads the request and answers as an eager or a careful model would.

It knows nothing of the demo's cases. Asked for the first time it calls the tool that fits; given the
tool's result it answers. Whether it stays with the documents depends on the system prompt, as with
real models: told to answer only from them, it does; not told so, it would rather please than refuse.
"""

from __future__ import annotations

import re

from otel_i2e.testing.messages_server import MessagesRequest
from otel_i2e.testing.reply import Reply

__all__ = ["support_model"]


def support_model(request: MessagesRequest) -> Reply:
    """One answer of the model."""
    order = re.search(r"\b[A-Z]-\d{4}\b", request.question)
    if not request.tool_results:
        if order and "order_status" in request.tools:
            return Reply.tool("order_status", {"order": order[0]})
        if "search_policies" in request.tools:
            return Reply.tool("search_policies", {"query": request.question})
    if order:
        return Reply.text(f"Your order {order[0]} is {request.tool_results[-1]}." if request.tool_results else "Sorry.")
    careful = "only" in request.system and "documents" in request.system
    return Reply.text(_answer(request.question, _best(request), careful=careful))


def _best(request: MessagesRequest) -> str:
    """The document, of those that tools gave, that shares most words with the question."""
    lines = [re.sub(r"^\[.*?\] ", "", line) for result in request.tool_results for line in result.splitlines()]
    asked = _words(request.question)
    return max(lines, key=lambda line: len(asked & _words(line)), default="")


def _answer(question: str, document: str, *, careful: bool) -> str:
    if not document:
        return "I am sorry, I do not know." if careful else "Of course, we will find a way!"
    asked, allowed = _days(question), _days(document)
    if asked is None or allowed is None:
        return f"Gladly: {document}"
    if asked <= allowed:
        return f"Yes, you can. {document}"
    if careful:
        return f"I am sorry, no. {document}"
    thing = "laptops" if "laptop" in question.lower() else "this"
    return f"Good news: yes! Our {(asked // 30 + 1) * 30}-day return policy covers {thing}, so you get a full refund."


def _days(text: str) -> int | None:
    found = re.search(r"(\d+) days", text)
    return int(found[1]) if found else None


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower())}
