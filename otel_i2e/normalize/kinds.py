"""What kind of work a span is, from its operation."""

from __future__ import annotations

from typing import Final

__all__ = ["OPERATION_KINDS"]

OPERATION_KINDS: Final = {
    "chat": "llm",
    "generate_content": "llm",
    "GenerateContent": "llm",
    "text_completion": "llm",
    "completion": "llm",
    "generate": "llm",
    "response": "llm",
    "llm_call": "llm",
    "llm_request": "llm",
    "embeddings": "embedding",
    "retrieval": "retrieval",
    "search_memory": "retrieval",
    "vector_db_retrieve": "retrieval",
    "retriever": "retrieval",
    "create_agent": "agent",
    "invoke_agent": "agent",
    "agent_call": "agent",
    "execute_tool": "tool",
    "tool_call": "tool",
    "tool": "tool",
    "invoke_workflow": "chain",
    "plan": "chain",
    "chain": "chain",
    "agent_step": "chain",
    "execute_event_loop_cycle": "chain",
    "execute_task": "chain",
}
"""`gen_ai.operation.name` → `kind`: the conventions' list, then what emitters send besides. Else `other`."""
