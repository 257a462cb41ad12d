"""The scenarios on LiteLLM. EMITTER_MODE is `otel` (its own callback) or `openinference`; Anthropic behind it."""

import json

import facts
import harness
import litellm

PROVIDER = "anthropic"
MODEL = f"anthropic/{facts.CLAUDE}"
AROUND = {}

harness.tracing()
if harness.MODE == "openinference":
    from openinference.instrumentation.litellm import LiteLLMInstrumentor
    from openinference_context import AROUND

    LiteLLMInstrumentor().instrument()
else:
    litellm.callbacks = ["otel"]


def _ask(content, **more):
    return litellm.completion(
        model=MODEL,
        api_key="test",
        api_base=harness.URL,
        num_retries=0,
        max_retries=0,
        max_tokens=facts.MAX_TOKENS,
        messages=[
            {"role": "system", "content": facts.SYSTEM},
            {"role": "user", "content": content},
            *more.pop("history", []),
        ],
        **more,
    )


TOOLS = [{"type": "function", "function": tool} for tool in facts.TOOLS]


def chat():
    """One question with parameters; LiteLLM refuses a temperature for this model."""
    _ask(facts.QUESTION, stop=[facts.STOP])


def _streamed(content, **more):
    chunks = list(_ask(content, stream=True, stream_options={"include_usage": True}, **more))
    return litellm.stream_chunk_builder(chunks)


def _loop(ask):
    message = ask(facts.TOOL_QUESTION, tools=TOOLS).choices[0].message
    history = [json.loads(message.model_dump_json(exclude_none=True))]
    for call in message.tool_calls:
        result = facts.run_tool(call.function.name, json.loads(call.function.arguments))
        history.append({"role": "tool", "tool_call_id": call.id, "content": result})
    ask(facts.TOOL_QUESTION, tools=TOOLS, history=history)


def image():
    """An image and a question."""
    url = f"data:image/png;base64,{facts.IMAGE_BASE64}"
    _ask([{"type": "text", "text": facts.IMAGE_QUESTION}, {"type": "image_url", "image_url": {"url": url}}])


def flush():
    """Callbacks run behind the call."""
    import time

    time.sleep(1.0)
    harness.flush()


harness.run(
    {
        "chat": chat,
        "tools": lambda: _loop(_ask),
        "stream": lambda: _streamed(facts.QUESTION),
        "stream_tools": lambda: _loop(_streamed),
        "cached": lambda: _ask(facts.QUESTION),
        "error": lambda: _ask(facts.QUESTION),
        "conversation": lambda: _ask(
            facts.QUESTION, metadata={"session_id": facts.CONVERSATION, "user_id": facts.USER}, user=facts.USER
        ),
        "retrieval": lambda: _ask(facts.grounded_question()),
        "long": lambda: _ask(facts.LONG_PROMPT),
        "image": image,
    },
    around=AROUND,
    flushing=flush,
)
