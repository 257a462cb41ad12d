"""The offline demo's model reads the request; it does not know the story."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from otel_i2e.demo.model import support_model
from otel_i2e.testing import MessagesRequest, TextBlock, ToolBlock

POLICIES: list[dict[str, str]] = json.loads((files("otel_i2e.demo") / "project" / "policies.json").read_text())
TOLD = "\n".join(f"[{policy['id']}] {policy['content']}" for policy in POLICIES)
EAGER = "You are helpful."
CAREFUL = "You are helpful. Answer only from the documents."


def asked(question: str, *, system: str = EAGER, result: str | None = None) -> MessagesRequest:
    """The first request of a turn, or the one after a tool gave `result`."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    if result is not None:
        messages.append({"role": "user", "content": [{"type": "tool_result", "content": result}]})
    tools = [{"name": "search_policies"}, {"name": "order_status"}]
    return MessagesRequest("/v1/messages", {}, {"system": system, "messages": messages, "tools": tools})


def said(request: MessagesRequest) -> str:
    """The text of the answer."""
    (block,) = support_model(request).blocks
    assert isinstance(block, TextBlock)
    return block.text


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("Where is order A-1042?", "order_status", {"order": "A-1042"}),
        ("How long does delivery take?", "search_policies", {"query": "How long does delivery take?"}),
    ],
)
def test_first_asks_for_the_tool_that_fits(question: str, tool: str, arguments: dict[str, str]) -> None:
    """Before any tool result it calls a tool."""
    (block,) = support_model(asked(question)).blocks
    assert isinstance(block, ToolBlock)
    assert (block.name, block.arguments) == (tool, arguments)


@pytest.mark.parametrize(("days", "invented"), [(90, 120), (100, 120), (45, 60)])
def test_an_eager_model_invents_what_pleases(days: int, invented: int) -> None:
    """Beyond the document's limit and not told to stay with it, it invents a longer one."""
    answer = said(asked(f"Can I return a laptop after {days} days?", result=TOLD))
    assert f"{invented}-day" in answer
    assert "30 days" not in answer


def test_a_careful_model_stays_with_the_document() -> None:
    """Told to answer only from the documents, the same question is refused with the right limit."""
    answer = said(asked("Can I return a laptop after 90 days?", system=CAREFUL, result=TOLD))
    assert answer.startswith("I am sorry, no.")
    assert "30 days" in answer


@pytest.mark.parametrize("system", [EAGER, CAREFUL])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("May I return my laptop 10 days after delivery?", "within 30 days"),
        ("Can I return unopened headphones after 40 days?", "within 60 days"),
        ("How long is the warranty on a camera?", "24 months"),
        ("How long does delivery take?", "3 working days"),
    ],
)
def test_what_the_documents_allow_is_answered_by_both(system: str, question: str, expected: str) -> None:
    """Both prompts answer the ordinary questions from the document that fits."""
    assert expected in said(asked(question, system=system, result=TOLD))


def test_an_order_is_answered_from_the_tool() -> None:
    """The tool's result is in the answer."""
    assert "arrives on Thursday" in said(asked("Where is order A-1042?", result="arrives on Thursday"))


def test_without_documents_the_careful_model_does_not_know() -> None:
    """No document, no claim."""
    assert said(asked("Can I return a boat?", system=CAREFUL, result="")) == "I am sorry, I do not know."
