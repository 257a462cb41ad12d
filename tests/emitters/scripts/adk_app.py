"""Google ADK over LiteLLM to the OpenAI-compatible server."""

import facts
import harness
from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types

harness.tracing()


def _agent(tools=(), **config):
    model = LiteLlm(
        model=f"openai/{facts.GPT}", api_key="test", api_base=harness.OPENAI_URL, num_retries=0, max_retries=0
    )
    return LlmAgent(
        name="support",
        model=model,
        instruction=facts.SYSTEM,
        tools=list(tools),
        generate_content_config=types.GenerateContentConfig(max_output_tokens=facts.MAX_TOKENS, **config),
    )


async def _run(agent, *parts, streaming=False):
    runner = InMemoryRunner(agent=agent, app_name="shop")
    await runner.session_service.create_session(app_name="shop", user_id=facts.USER, session_id=facts.CONVERSATION)
    told = [types.Part(text=part) if isinstance(part, str) else part for part in parts]
    config = RunConfig(streaming_mode=StreamingMode.SSE) if streaming else RunConfig()
    async for _ in runner.run_async(
        user_id=facts.USER,
        session_id=facts.CONVERSATION,
        new_message=types.Content(role="user", parts=told),
        run_config=config,
    ):
        pass


TOOLS = (facts.get_order, facts.search_policy)
PICTURE = types.Part(inline_data=types.Blob(mime_type="image/png", data=facts.IMAGE))

harness.run(
    {
        "chat": lambda: _run(_agent(temperature=facts.TEMPERATURE, top_p=facts.TOP_P), facts.QUESTION),
        "tools": lambda: _run(_agent(TOOLS), facts.TOOL_QUESTION),
        "stream": lambda: _run(_agent(), facts.QUESTION, streaming=True),
        "stream_tools": lambda: _run(_agent(TOOLS), facts.TOOL_QUESTION, streaming=True),
        "cached": lambda: _run(_agent(), facts.QUESTION),
        "error": lambda: _run(_agent(), facts.QUESTION),
        "conversation": lambda: _run(_agent(), facts.QUESTION),
        "retrieval": lambda: _run(_agent(), facts.grounded_question()),
        "long": lambda: _run(_agent(), facts.LONG_PROMPT),
        "image": lambda: _run(_agent(), facts.IMAGE_QUESTION, PICTURE),
    }
)
