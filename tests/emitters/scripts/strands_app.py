"""Strands Agents with its Anthropic model."""

import facts
import harness
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel

harness.tracing()


def _agent(tools=(), **more):
    model = AnthropicModel(
        client_args={"api_key": "test", "base_url": harness.URL, "max_retries": 0},
        model_id=facts.CLAUDE,
        max_tokens=facts.MAX_TOKENS,
        params=more.pop("params", {}),
    )
    return Agent(model=model, system_prompt=facts.SYSTEM, tools=list(tools), callback_handler=None, **more)


TOOLS = (tool(facts.get_order), tool(facts.search_policy))


def image():
    """An image and a question."""
    picture = {"image": {"format": "png", "source": {"bytes": facts.IMAGE}}}
    _agent()([{"text": facts.IMAGE_QUESTION}, picture])


def error():
    """529, without Strands' own patience."""
    try:
        agent = _agent(retry_strategy=None)
    except TypeError:
        agent = _agent()
    agent(facts.QUESTION)


harness.run(
    {
        "chat": lambda: _agent(params={"stop_sequences": [facts.STOP]})(facts.QUESTION),
        "tools": lambda: _agent(TOOLS)(facts.TOOL_QUESTION),
        "stream": lambda: _agent()(facts.QUESTION),
        "stream_tools": lambda: _agent(TOOLS)(facts.TOOL_QUESTION),
        "cached": lambda: _agent()(facts.QUESTION),
        "error": error,
        "conversation": lambda: _agent(trace_attributes={"session.id": facts.CONVERSATION, "user.id": facts.USER})(
            facts.QUESTION
        ),
        "retrieval": lambda: _agent()(facts.grounded_question()),
        "long": lambda: _agent()(facts.LONG_PROMPT),
        "image": image,
    }
)
