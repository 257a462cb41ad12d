"""The OpenAI Agents SDK, over Chat Completions or the Responses API: the last word of EMITTER_MODE."""

import asyncio

import facts
import harness
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
)
from openai import AsyncOpenAI


def _agent(tools=(), **settings):
    client = AsyncOpenAI(api_key="test", base_url=harness.OPENAI_URL, max_retries=0)
    kind = OpenAIChatCompletionsModel if harness.MODE.endswith("chat") else OpenAIResponsesModel
    return Agent(
        name="support",
        instructions=facts.SYSTEM,
        model=kind(model=facts.GPT, openai_client=client),
        tools=list(tools),
        model_settings=ModelSettings(max_tokens=facts.MAX_TOKENS, include_usage=True, **settings),
    )


def _tools():
    return [function_tool(facts.get_order), function_tool(facts.search_policy)]


def chat():
    """One question with parameters."""
    Runner.run_sync(_agent(temperature=facts.TEMPERATURE, top_p=facts.TOP_P), facts.QUESTION)


def tools():
    """Two parallel calls run as tools, an answer."""
    Runner.run_sync(_agent(_tools()), facts.TOOL_QUESTION)


async def _streamed(agent, question):
    result = Runner.run_streamed(agent, question)
    async for _ in result.stream_events():
        pass


def stream():
    """Text in events."""
    asyncio.run(_streamed(_agent(), facts.QUESTION))


def stream_tools():
    """A streamed tool call, its result, a streamed answer."""
    asyncio.run(_streamed(_agent(_tools()), facts.TOOL_QUESTION))


def _ask():
    Runner.run_sync(_agent(), facts.QUESTION)


def long():
    """A long prompt in many scripts."""
    Runner.run_sync(_agent(), facts.LONG_PROMPT)


def retrieval():
    """The question with its documents."""
    Runner.run_sync(_agent(), facts.grounded_question())


def image():
    """An image and a question."""
    url = f"data:image/png;base64,{facts.IMAGE_BASE64}"
    content = [
        {"type": "input_text", "text": facts.IMAGE_QUESTION},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    Runner.run_sync(_agent(), [{"role": "user", "content": content}])


SCENARIOS = {
    "chat": chat,
    "tools": tools,
    "stream": stream,
    "stream_tools": stream_tools,
    "cached": _ask,
    "error": _ask,
    "conversation": _ask,
    "retrieval": retrieval,
    "long": long,
    "image": image,
}
