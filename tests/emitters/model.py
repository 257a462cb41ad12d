"""The model that all emitters talk to: what it says depends on the scenario and on the tool results so far.

Token counts are odd numbers that occur nowhere else, so that finding one in a body is evidence.
"""

from __future__ import annotations

from typing import Final

import facts

from otel_i2e.testing import ChatRequest, MessagesRequest, Reply, TextBlock, ThinkingBlock, Tokens, ToolBlock

__all__ = ["reply"]

_ANSWERS: Final = {
    "chat": "No. Electronics can be returned within 30 days of delivery.",
    "stream": "No: after 90 days a laptop cannot be returned any more, I am sorry.",
    "raw_stream": "No: ninety days are sixty days too late.",
    "cached": "No, the cached policy says 30 days.",
    "conversation": "As I said before in this conversation: 30 days.",
    "retrieval": "The policy grants 30 days for electronics.",
    "long": "Przykro mi, 三十天之后不能退货。 🙇",
    "image": "The hinge on the left is broken.",
    "thinking": "No, that is too late.",
}
_THOUGHT: Final = "The customer asks for 90 days; the policy grants 30."
_TOOL_WORDS: Final = "I will look up both."
_TOOL_ANSWER: Final = "Your order A-1719 came to Łódź 12 days ago; you may return it."
_TOKENS: Final = {
    "chat": (1213, 137),
    "stream": (1217, 139),
    "raw_stream": (1249, 163),
    "conversation": (1223, 149),
    "retrieval": (1229, 151),
    "long": (7919, 157),
    "image": (1231, 167),
    "thinking": (1237, 173),
    "tools": (1301, 179),
    "stream_tools": (1307, 181),
    "responses": (1319, 191),
    "tool_runner": (1321, 211),
}
_SECOND: Final = {
    "tools": (1559, 193),
    "stream_tools": (1567, 197),
    "responses": (1571, 199),
    "tool_runner": (1579, 223),
}


def reply(scenario: str, request: MessagesRequest | ChatRequest) -> Reply:
    """What the model says to `request` in `scenario`."""
    said = _said(scenario, request)
    snapshot = facts.CLAUDE_SNAPSHOT if isinstance(request, MessagesRequest) else facts.GPT_SNAPSHOT
    return said.answered_by(snapshot)


def _said(scenario: str, request: MessagesRequest | ChatRequest) -> Reply:
    anthropic = isinstance(request, MessagesRequest)
    if scenario == "error":
        return Reply.error(529, "Overloaded") if anthropic else Reply.error(500, "The server had an error")
    if scenario == "cached":
        tokens = Tokens(211, 105, 1024, 517) if anthropic else Tokens(728, 105, 1024, reasoning=64)
        return Reply.text(_ANSWERS[scenario], tokens=tokens)
    if scenario in _SECOND and (request.tools or request.tool_results):  # a thread has its tools from before
        return _tool_turn(scenario, request)
    tokens = Tokens(*_TOKENS.get(scenario, (1327, 211)))
    if scenario == "thinking":
        return Reply.blocks_of(ThinkingBlock(_THOUGHT), TextBlock(_ANSWERS[scenario]), tokens=tokens)
    return Reply.text(_ANSWERS.get(scenario, "Yes."), tokens=tokens)


def _tool_turn(scenario: str, request: MessagesRequest | ChatRequest) -> Reply:
    if request.tool_results:
        return Reply.text(_TOOL_ANSWER, tokens=Tokens(*_SECOND[scenario]))
    prefix = "toolu_01" if isinstance(request, MessagesRequest) else "call_01"
    order = ToolBlock("get_order", {"order_id": "A-1719"}, f"{prefix}Order{scenario.title().replace('_', '')}")
    policy = ToolBlock(
        "search_policy", {"topic": "Rückgabe", "limit": 3}, f"{prefix}Policy{scenario.title().replace('_', '')}"
    )
    calls = (order,) if scenario == "stream_tools" else (order, policy)
    return Reply.blocks_of(TextBlock(_TOOL_WORDS), *calls, tokens=Tokens(*_TOKENS[scenario]))
