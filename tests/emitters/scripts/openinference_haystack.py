"""OpenInference on Haystack with its OpenAI generator."""

import facts
import harness
from haystack import Document, Pipeline, component
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret
from openinference.instrumentation.haystack import HaystackInstrumentor
from openinference_context import AROUND

harness.tracing()
HaystackInstrumentor().instrument()


def _tools():
    functions = {"get_order": facts.get_order, "search_policy": facts.search_policy}
    return [Tool(**tool, function=functions[tool["name"]]) for tool in facts.TOOLS]


def _generator(*, streaming=False, generation=None):
    return OpenAIChatGenerator(
        model=facts.GPT,
        api_key=Secret.from_token("test"),
        api_base_url=harness.OPENAI_URL,
        max_retries=0,
        generation_kwargs={"max_tokens": facts.MAX_TOKENS, **(generation or {})},
        streaming_callback=(lambda _: None) if streaming else None,
    )


def _run(messages, **settings):
    pipeline = Pipeline()
    pipeline.add_component("llm", _generator(**settings))
    pipeline.run({"llm": {"messages": messages}})


def _messages(content):
    user = ChatMessage.from_user(content) if isinstance(content, str) else ChatMessage.from_user(content_parts=content)
    return [ChatMessage.from_system(facts.SYSTEM), user]


def chat():
    """One question with parameters."""
    _run(_messages(facts.QUESTION), generation={"temperature": facts.TEMPERATURE, "top_p": facts.TOP_P})


def _loop(*, streaming):
    options = {"stream_options": {"include_usage": True}} if streaming else {}
    agent = Agent(
        chat_generator=_generator(streaming=streaming, generation=options), tools=_tools(), system_prompt=facts.SYSTEM
    )
    pipeline = Pipeline()
    pipeline.add_component("agent", agent)
    pipeline.run({"agent": {"messages": [ChatMessage.from_user(facts.TOOL_QUESTION)]}})


def tools():
    """Two parallel calls run as tools, an answer."""
    _loop(streaming=False)


def stream():
    """Text in chunks."""
    _run(_messages(facts.QUESTION), streaming=True, generation={"stream_options": {"include_usage": True}})


def stream_tools():
    """A streamed tool call, its result, a streamed answer."""
    _loop(streaming=True)


def cached():
    """A prompt read from the cache."""
    _run(_messages(facts.QUESTION))


def error():
    """500."""
    _run(_messages(facts.QUESTION))


def conversation():
    """A call whose surroundings name conversation, user and prompt."""
    _run(_messages(facts.QUESTION))


@component
class ShelfRetriever:
    """Gives the two documents."""

    @component.output_types(documents=list[Document])
    def run(self, query: str):
        """Look at nothing but the shelf."""
        return {
            "documents": [
                Document(id=one["id"], content=one["content"], score=one["score"], meta=one["metadata"])
                for one in facts.DOCUMENTS
            ]
        }


def retrieval():
    """A retriever, then the question with its documents."""
    pipeline = Pipeline()
    pipeline.add_component("retriever", ShelfRetriever())
    pipeline.run({"retriever": {"query": facts.RETRIEVAL_QUERY}})
    _run(_messages(facts.grounded_question()))


def long():
    """A long prompt in many scripts."""
    _run(_messages(facts.LONG_PROMPT))


def image():
    """An image and a question."""
    _run(_messages([facts.IMAGE_QUESTION, ImageContent(base64_image=facts.IMAGE_BASE64, mime_type="image/png")]))


harness.run(
    {
        one.__name__: one
        for one in (chat, tools, stream, stream_tools, cached, error, conversation, retrieval, long, image)
    },
    around=AROUND,
)
