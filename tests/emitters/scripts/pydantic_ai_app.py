"""Agents of pydantic-ai, on Anthropic's API where EMITTER_MODE begins with `anthropic`, else on OpenAI's."""

import facts
import harness
from pydantic_ai import Agent, BinaryContent


def _model():
    if harness.MODE.startswith("anthropic"):
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        client = AsyncAnthropic(api_key="test", base_url=harness.URL, max_retries=0)
        return AnthropicModel(facts.CLAUDE, provider=AnthropicProvider(anthropic_client=client))
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key="test", base_url=harness.OPENAI_URL, max_retries=0)
    return OpenAIChatModel(facts.GPT, provider=OpenAIProvider(openai_client=client))


def _agent(tools=(), **settings):
    return Agent(
        _model(),
        name="support",
        instructions=facts.SYSTEM,
        tools=list(tools),
        model_settings={"max_tokens": facts.MAX_TOKENS, **settings},
    )


TOOLS = (facts.get_order, facts.search_policy)


def chat():
    """One question with parameters."""
    return _agent(temperature=facts.TEMPERATURE, top_p=facts.TOP_P).run(facts.QUESTION)


def tools():
    """Two parallel calls run as tools, an answer."""
    return _agent(TOOLS).run(facts.TOOL_QUESTION)


async def stream():
    """Text in chunks."""
    async with _agent().run_stream(facts.QUESTION) as result:
        async for _ in result.stream_text():
            pass


async def stream_tools():
    """A streamed tool call, its result, a streamed answer."""
    async with _agent(TOOLS).iter(facts.TOOL_QUESTION) as run:
        async for node in run:
            if Agent.is_model_request_node(node):
                async with node.stream(run.ctx) as streamed:
                    async for _ in streamed:
                        pass


def _ask():
    return _agent().run(facts.QUESTION)


def conversation():
    """A call that names its conversation."""
    try:
        return _agent().run(facts.QUESTION, conversation_id=facts.CONVERSATION)
    except TypeError:
        return _ask()


def retrieval():
    """The question with its documents."""
    return _agent().run(facts.grounded_question())


def image():
    """An image and a question."""
    return _agent().run([facts.IMAGE_QUESTION, BinaryContent(facts.IMAGE, media_type="image/png")])


SCENARIOS = {
    "chat": chat,
    "tools": tools,
    "stream": stream,
    "stream_tools": stream_tools,
    "cached": _ask,
    "error": _ask,
    "conversation": conversation,
    "retrieval": retrieval,
    "long": lambda: _agent().run(facts.LONG_PROMPT),
    "image": image,
}
