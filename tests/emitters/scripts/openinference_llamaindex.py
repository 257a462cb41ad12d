"""OpenInference on LlamaIndex with its OpenAI model."""

import facts
import harness
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, MessageRole, TextBlock
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
from openinference_context import AROUND

harness.tracing()
LlamaIndexInstrumentor().instrument()


def model(**more):
    """A model on the recorder that does not retry."""
    return OpenAI(
        model=facts.GPT, api_key="test", api_base=harness.OPENAI_URL, max_retries=0, max_tokens=facts.MAX_TOKENS, **more
    )


def _messages(content):
    user = (
        ChatMessage(role="user", content=content)
        if isinstance(content, str)
        else ChatMessage(role="user", blocks=content)
    )
    return [ChatMessage(role="system", content=facts.SYSTEM), user]


def _tools():
    return [FunctionTool.from_defaults(facts.get_order), FunctionTool.from_defaults(facts.search_policy)]


def chat():
    """One question with parameters."""
    model(temperature=facts.TEMPERATURE, additional_kwargs={"top_p": facts.TOP_P}).chat(_messages(facts.QUESTION))


def _loop(ask):
    llm, history, given = model(), _messages(facts.TOOL_QUESTION), _tools()
    answer = ask(llm, given, history)
    history.append(answer.message)
    by_name = {tool.metadata.name: tool for tool in given}
    for call in llm.get_tool_calls_from_response(answer, error_on_no_tool_call=False):
        result = by_name[call.tool_name].call(**call.tool_kwargs)
        history.append(
            ChatMessage(role=MessageRole.TOOL, content=str(result), additional_kwargs={"tool_call_id": call.tool_id})
        )
    ask(llm, given, history)


def tools():
    """Two parallel calls run as tools, an answer."""
    _loop(
        lambda llm, given, history: llm.chat_with_tools(
            given, chat_history=list(history), allow_parallel_tool_calls=True
        )
    )


def stream():
    """Text in chunks."""
    list(model(additional_kwargs={"stream_options": {"include_usage": True}}).stream_chat(_messages(facts.QUESTION)))


def stream_tools():
    """A streamed tool call, its result, a streamed answer."""
    _loop(
        lambda llm, given, history: list(
            llm.stream_chat_with_tools(given, chat_history=list(history), allow_parallel_tool_calls=True)
        )[-1]
    )


def cached():
    """A prompt read from the cache."""
    model().chat(_messages(facts.QUESTION))


def error():
    """500."""
    model().chat(_messages(facts.QUESTION))


def conversation():
    """A call whose surroundings name conversation, user and prompt."""
    model().chat(_messages(facts.QUESTION))


class Shelf(BaseRetriever):
    """Gives the two documents."""

    def _retrieve(self, query_bundle):
        return [
            NodeWithScore(
                node=TextNode(text=one["content"], id_=one["id"], metadata=one["metadata"]), score=one["score"]
            )
            for one in facts.DOCUMENTS
        ]


def retrieval():
    """A retriever, then the question with its documents."""
    Shelf().retrieve(facts.RETRIEVAL_QUERY)
    model().chat(_messages(facts.grounded_question()))


def long():
    """A long prompt in many scripts."""
    model().chat(_messages(facts.LONG_PROMPT))


def image():
    """An image and a question."""
    model().chat(
        _messages([TextBlock(text=facts.IMAGE_QUESTION), ImageBlock(image=facts.IMAGE, image_mimetype="image/png")])
    )


harness.run(
    {
        one.__name__: one
        for one in (chat, tools, stream, stream_tools, cached, error, conversation, retrieval, long, image)
    },
    around=AROUND,
)
