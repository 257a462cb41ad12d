"""The scenarios on LangChain with its OpenAI chat model."""

import json

import facts
import harness
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI


def model(**more):
    """A chat model on the recorder that does not retry."""
    return ChatOpenAI(
        model=facts.GPT,
        api_key="test",
        base_url=harness.OPENAI_URL,
        max_retries=0,
        max_tokens=facts.MAX_TOKENS,
        stream_usage=True,
        **more,
    )


def _messages(content):
    return [SystemMessage(facts.SYSTEM), HumanMessage(content)]


def _tools():
    return [
        StructuredTool.from_function(facts.get_order, name="get_order", description=facts.TOOLS[0]["description"]),
        StructuredTool.from_function(
            facts.search_policy, name="search_policy", description=facts.TOOLS[1]["description"]
        ),
    ]


def chat():
    """One question with parameters."""
    model(temperature=facts.TEMPERATURE, top_p=facts.TOP_P, stop=[facts.STOP]).invoke(_messages(facts.QUESTION))


def _loop(ask):
    bound, messages = model().bind_tools(_tools()), _messages(facts.TOOL_QUESTION)
    answer = ask(bound, messages)
    messages.append(answer)
    by_name = {tool.name: tool for tool in _tools()}
    for call in answer.tool_calls:
        result = by_name[call["name"]].invoke({**call, "type": "tool_call"})
        messages.append(
            result if isinstance(result, ToolMessage) else ToolMessage(json.dumps(result), tool_call_id=call["id"])
        )
    ask(bound, messages)


def tools():
    """Two parallel calls run as tools, an answer."""
    _loop(lambda bound, messages: bound.invoke(messages))


def _streamed(bound, messages):
    whole = None
    for chunk in bound.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


def stream():
    """Text in chunks."""
    _streamed(model(), _messages(facts.QUESTION))


def stream_tools():
    """A streamed tool call, its result, a streamed answer."""
    _loop(_streamed)


def cached():
    """A prompt read from the cache."""
    model().invoke(_messages(facts.QUESTION))


def error():
    """500."""
    model().invoke(_messages(facts.QUESTION))


def conversation():
    """A prompt template, filled; session and user in the run's metadata."""
    template = ChatPromptTemplate.from_messages(
        [("system", "You are {shop}'s agent. Be {tone}."), ("human", "{question}")]
    )
    metadata = {"session_id": facts.CONVERSATION, "thread_id": facts.CONVERSATION, "user_id": facts.USER}
    (template | model()).invoke({**facts.PROMPT_VARIABLES, "question": facts.QUESTION}, config={"metadata": metadata})


class Shelf(BaseRetriever):
    """Gives the two documents."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [
            Document(one["content"], id=one["id"], metadata={**one["metadata"], "score": one["score"]})
            for one in facts.DOCUMENTS
        ]


def retrieval():
    """A retriever, then the question with its documents."""
    Shelf().invoke(facts.RETRIEVAL_QUERY)
    model().invoke(_messages(facts.grounded_question()))


def long():
    """A long prompt in many scripts."""
    model().invoke(_messages(facts.LONG_PROMPT))


def image():
    """An image and a question."""
    url = f"data:image/png;base64,{facts.IMAGE_BASE64}"
    model().invoke(
        _messages([{"type": "text", "text": facts.IMAGE_QUESTION}, {"type": "image_url", "image_url": {"url": url}}])
    )


SCENARIOS = {
    one.__name__: one
    for one in (chat, tools, stream, stream_tools, cached, error, conversation, retrieval, long, image)
}
