"""OpenInference: flattened attributes of every span kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.models import SpanRow

Sent = Callable[[str, str], Any]
RowOf = Callable[..., SpanRow]


@pytest.mark.parametrize(
    ("sent_kind", "kind"),
    [
        ("LLM", "llm"),
        ("CHAIN", "chain"),
        ("AGENT", "agent"),
        ("TOOL", "tool"),
        ("RETRIEVER", "retrieval"),
        ("RERANKER", "retrieval"),
        ("EMBEDDING", "embedding"),
        ("GUARDRAIL", "other"),
        ("EVALUATOR", "other"),
        ("PROMPT", "other"),
        ("DECISION", "other"),
        ("UNKNOWN", "other"),
        ("NOVEL", "other"),
    ],
)
def test_every_span_kind_has_a_kind(row_of: RowOf, sent_kind: str, kind: str) -> None:
    """And shows the dialect; tokens on a guardrail do not make it a model call."""
    row = row_of({"openinference.span.kind": sent_kind, "llm.token_count.completion": 3})
    assert (row["kind"], row["dialect"]) == (kind, "openinference")


def test_a_call_is_put_together(sent: Sent) -> None:
    """Messages, each tool call once, parsed arguments, definitions, models, parameters, usage."""
    asked, answered = sent("openinference_anthropic", "tools").rows("openinference")
    parts = json.loads(asked["output_messages"])[0]["parts"]
    assert [part["type"] for part in parts] == ["text", "tool_call", "tool_call"]
    assert parts[2]["arguments"] == {"topic": "Rückgabe", "limit": 3}
    assert [tool["name"] for tool in json.loads(asked["tool_definitions"])] == ["get_order", "search_policy"]
    assert json.loads(asked["system_instructions"])[0]["content"].startswith("You are the support agent")
    assert (asked["request_model"], asked["response_model"]) == ("claude-sonnet-5", "claude-sonnet-5-20261001")
    assert json.loads(asked["request_params"]) == {"max_tokens": 321}
    assert (asked["provider"], asked["input_tokens"], asked["output_tokens"]) == ("anthropic", 1301, 179)
    results = [message for message in json.loads(answered["input_messages"]) if message["role"] == "tool"]
    assert [result["parts"][0]["response"].get("order_id") for result in results] == ["A-1719", None]


def test_usage_includes_the_cache(sent: Sent) -> None:
    """Prompt tokens are all input."""
    (row,) = sent("openinference_anthropic", "cached").rows("openinference")
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]) == (1752, 1024, 517)


def test_a_failed_call_names_no_model_that_answered(sent: Sent) -> None:
    """`llm.model_name` is the model that was asked for as long as nothing answered; the message is the exception's."""
    (row,) = sent("openinference_anthropic", "error").rows("openinference")
    assert (row["request_model"], row["response_model"]) == ("claude-sonnet-5", None)
    assert (row["status"], row["error_type"]) == ("error", "anthropic.OverloadedError")
    assert "overloaded_error" in row["status_message"]


def test_an_image_is_a_part(sent: Sent) -> None:
    """With its type and its bytes."""
    (row,) = sent("openinference_openai", "image").rows("openinference")
    kinds = {part["type"]: part for part in json.loads(row["input_messages"])[-1]["parts"]}
    assert kinds["blob"]["mime_type"] == "image/png"
    assert kinds["text"]["content"] == "What is broken on this laptop?"


def test_a_retrieval_has_documents(sent: Sent) -> None:
    """LangChain leaves the score inside the metadata; it is found there."""
    (row,) = [row for row in sent("openinference_langchain", "retrieval").rows() if row["kind"] == "retrieval"]
    documents = json.loads(row["documents"])
    assert [document["score"] for document in documents] == [0.9137, 0.4421]
    assert documents[0]["metadata"]["section"] == "returns"
    assert row["input_text"] == "return window for laptops"


def test_a_reranker_gives_what_it_let_through(row_of: RowOf) -> None:
    """Its output documents and its query."""
    row = row_of(
        {
            "openinference.span.kind": "RERANKER",
            "reranker.query": "return window",
            "reranker.input_documents.0.document.content": "a",
            "reranker.output_documents.0.document.content": "b",
            "reranker.output_documents.0.document.score": 0.5,
        }
    )
    assert (row["kind"], row["input_text"]) == ("retrieval", "return window")
    assert [document["content"] for document in json.loads(row["documents"])] == ["b"]


def test_an_embedding_has_its_texts(row_of: RowOf) -> None:
    """Texts one a line; the vectors stay in the attributes."""
    row = row_of(
        {
            "openinference.span.kind": "EMBEDDING",
            "embedding.model_name": "text-embedding-3-small",
            "llm.provider": "openai",
            "embedding.embeddings.0.embedding.text": "a",
            "embedding.embeddings.1.embedding.text": "b",
            "embedding.embeddings.0.embedding.vector": [0.1, 0.2],
            "llm.token_count.prompt": 4,
        }
    )
    assert (row["kind"], row["request_model"], row["input_text"]) == ("embedding", "text-embedding-3-small", "a\nb")
    assert row["cost_usd"] > 0


def test_a_tool_run_has_arguments_and_result(row_of: RowOf) -> None:
    """They are its input and output; `tool.parameters` is mostly the schema."""
    row = row_of(
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "get_order",
            "tool.parameters": '{"type": "object"}',
            "input.value": '{"order_id": "A-1"}',
            "output.value": "sent",
        }
    )
    assert (row["kind"], row["tool_name"]) == ("tool", "get_order")
    assert (json.loads(row["tool_arguments"]), json.loads(row["tool_result"])) == ({"order_id": "A-1"}, "sent")


def test_a_call_with_only_its_raw_input_and_output_has_messages(row_of: RowOf) -> None:
    """The provider's request and answer in `input.value` and `output.value` are read."""
    row = row_of(
        {
            "openinference.span.kind": "LLM",
            "input.value": '{"messages": [{"role": "user", "content": "hi"}]}',
            "output.value": '{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}',
        }
    )
    assert (row["input_text"], row["output_text"], row["finish_reasons"]) == ("hi", "hello", ["stop"])


def test_prompts_and_choices_of_a_text_completion_are_messages(row_of: RowOf) -> None:
    """The older completion API has no roles."""
    row = row_of(
        {
            "openinference.span.kind": "LLM",
            "llm.prompts.0.prompt.text": "Once",
            "llm.choices.0.completion.text": "upon a time",
        }
    )
    assert (row["input_text"], row["output_text"]) == ("Once", "upon a time")


def test_redacted_content_is_said(row_of: RowOf) -> None:
    """Its placeholder is no content."""
    row = row_of({"openinference.span.kind": "CHAIN", "input.value": "__REDACTED__"})
    assert row["content_state"] == "redacted"


def test_what_only_the_raw_answer_says_is_heard(sent: Sent) -> None:
    """The response id has no attribute of its own."""
    (row,) = sent("openinference_openai", "chat").rows("openinference")
    assert row["response_id"].startswith("chatcmpl-")
    assert json.loads(row["request_params"])["stop_sequences"] == ["<<END>>"]


def test_an_image_that_was_left_out_of_the_attributes_is_a_part(sent: Sent) -> None:
    """OpenAI Agents flattens texts only; instructions stay instructions."""
    (row,) = [row for row in sent("openinference_agents_chat", "image").rows() if row["kind"] == "llm"]
    assert [part["type"] for part in json.loads(row["input_messages"])[0]["parts"]] == ["text", "blob"]
    assert "support agent" in row["system_instructions"]


def test_the_model_that_was_asked_for_did_not_answer(sent: Sent, row_of: RowOf) -> None:
    """Agents, and whoever repeats the name of the parameters, tell the model of the request only."""
    (row,) = [row for row in sent("openinference_agents_chat", "chat").rows() if row["kind"] == "llm"]
    assert (row["request_model"], row["response_model"]) == ("gpt-4.1-mini", None)
    row = row_of({"llm.model_name": "m", "llm.invocation_parameters": '{"model": "m"}'})
    assert (row["request_model"], row["response_model"]) == ("m", None)


def test_making_a_request_is_no_call(sent: Sent) -> None:
    """LlamaIndex says LLM of it."""
    rows = sent("openinference_llamaindex", "tools").rows()
    assert [row["kind"] for row in rows if row["name"].endswith("_prepare_chat_with_tools")] == ["chain", "chain"]
    assert sum(row["kind"] == "llm" for row in rows) == 2


def test_tool_runs_of_langchain_name_their_calls(sent: Sent) -> None:
    """In the JSON of the message that the tool gave back."""
    runs = [row for row in sent("openinference_langchain", "tools").rows() if row["kind"] == "tool"]
    assert [row["tool_call_id"] for row in runs] == ["call_01OrderTools", "call_01PolicyTools"]
    assert json.loads(runs[0]["tool_result"])["order_id"] == "A-1719"


def test_documents_of_langchain_have_ids(sent: Sent) -> None:
    """Which stand in the output only."""
    (row,) = [row for row in sent("openinference_langchain", "retrieval").rows() if row["kind"] == "retrieval"]
    assert [document["id"] for document in json.loads(row["documents"])] == ["policy-12", "policy-31"]


def test_sound_is_a_reference_as_images_are(row_of: RowOf) -> None:
    """`audio.audio.url` and its type."""
    at = "llm.input_messages.0.message.contents.0.message_content."
    sent = {f"{at}type": "audio", f"{at}audio.audio.url": "https://x/a.wav", f"{at}audio.audio.mime_type": "audio/wav"}
    row = row_of({"openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user", **sent})
    (said,) = json.loads(row["input_messages"])
    assert said["parts"] == [{"type": "uri", "modality": "audio", "mime_type": "audio/wav", "uri": "https://x/a.wav"}]


def test_a_function_call_beside_the_answer_is_a_part_of_it(row_of: RowOf) -> None:
    """`llm.function_call`; not twice, where the messages have it."""
    llm = {"openinference.span.kind": "LLM", "llm.function_call": '{"name":"f","arguments":"{\\"a\\":1}"}'}
    call = {"type": "tool_call", "id": None, "name": "f", "arguments": {"a": 1}}
    assert json.loads(row_of(llm)["output_messages"]) == [{"role": "assistant", "parts": [call]}]
    at = "llm.output_messages.0.message."
    said = {f"{at}role": "assistant", f"{at}content": "Let me see."}
    (message,) = json.loads(row_of({**llm, **said})["output_messages"])
    assert message["parts"] == [{"type": "text", "content": "Let me see."}, call]
    called = {f"{at}function_call_name": "f", f"{at}function_call_arguments_json": '{"a":1}'}
    (message,) = json.loads(row_of({**llm, **called})["output_messages"])
    assert message["parts"] == [call]


def test_a_cost_in_parts_is_their_sum(row_of: RowOf) -> None:
    """Where no total was sent, and both parts were."""
    llm = {"openinference.span.kind": "LLM", "llm.cost.prompt": 0.1}
    assert row_of(llm)["cost_usd"] is None
    assert row_of({**llm, "llm.cost.completion": 0.2})["cost_usd"] == 0.3
    assert row_of({**llm, "llm.cost.completion": 0.2, "llm.cost.total": 0.4})["cost_usd"] == 0.4


_OUT = "llm.output_messages.0.message."
_IN = "llm.input_messages.0.message."


def test_text_beside_thoughts_is_the_answer(row_of: RowOf) -> None:
    """`content` stands beside `contents` that do not say it; what they say already stands once."""
    thought = {f"{_OUT}contents.0.message_content.type": "reasoning", f"{_OUT}contents.0.message_content.text": "hm"}
    row = row_of({"openinference.span.kind": "LLM", f"{_OUT}role": "assistant", f"{_OUT}content": "30 days", **thought})
    assert [part["type"] for part in json.loads(row["output_messages"])[0]["parts"]] == ["reasoning", "text"]
    assert row["output_text"] == "30 days"
    said = {f"{_OUT}contents.0.message_content.type": "text", f"{_OUT}contents.0.message_content.text": "30 days"}
    row = row_of({"openinference.span.kind": "LLM", f"{_OUT}role": "assistant", f"{_OUT}content": "30 days", **said})
    assert json.loads(row["output_messages"])[0]["parts"] == [{"type": "text", "content": "30 days"}]


def test_an_image_that_a_tool_gave_back_stays(row_of: RowOf) -> None:
    """Beside the text of the result."""
    sent = {
        f"{_IN}role": "tool",
        f"{_IN}tool_call_id": "c2",
        f"{_IN}contents.0.message_content.type": "text",
        f"{_IN}contents.0.message_content.text": "a chart",
        f"{_IN}contents.1.message_content.type": "image",
        f"{_IN}contents.1.message_content.image.image.url": "https://example.org/chart.png",
    }
    (part,) = json.loads(row_of({"openinference.span.kind": "LLM", **sent})["input_messages"])[0]["parts"]
    assert (part["type"], part["id"]) == ("tool_call_response", "c2")
    assert [one["type"] for one in part["response"]] == ["text", "uri"]


def test_what_was_looked_for_comes_out_of_the_arguments(row_of: RowOf) -> None:
    """A retriever's input may be the arguments of a function; a reranker says how many it was asked for."""
    sent = {"openinference.span.kind": "RETRIEVER", "input.value": '{"query": "returns"}'}
    assert row_of(sent)["input_text"] == "returns"
    assert row_of({**sent, "input.value": "{returns}"})["input_text"] == "{returns}"
    sent = {"openinference.span.kind": "RERANKER", "reranker.query": "returns", "reranker.top_k": 3}
    assert json.loads(row_of(sent)["request_params"]) == {"top_k": 3}


def test_a_tool_message_that_says_nothing_has_no_result(row_of: RowOf) -> None:
    """Haystack's: an empty result would be made up; with an id alone the result is missing."""
    row = row_of({"openinference.span.kind": "LLM", f"{_IN}role": "tool"})
    assert json.loads(row["input_messages"]) == [{"role": "tool", "parts": []}]
    row = row_of({"openinference.span.kind": "LLM", f"{_IN}role": "tool", f"{_IN}tool_call_id": "c"})
    assert json.loads(row["input_messages"])[0]["parts"] == [
        {"type": "tool_call_response", "id": "c", "response": None}
    ]


@pytest.mark.parametrize("library", ["agno", "crewai", "dspy", "smolagents"])
def test_some_never_learn_which_model_answered(row_of: RowOf, library: str) -> None:
    """They name the model of the application's object: with Agno `gpt-5-mini`, when another had answered."""
    sent = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-5-mini", "output.value": "[]"}
    answer = {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "hi"}
    row = row_of({**sent, **answer}, scope_name=f"openinference.instrumentation.{library}")
    assert (row["request_model"], row["response_model"]) == ("gpt-5-mini", None)
    row = row_of({**sent, **answer}, scope_name="openinference.instrumentation.openai")
    assert (row["request_model"], row["response_model"]) == (None, "gpt-5-mini")


def test_thoughts_before_an_answer_are_no_answer_of_their_own(row_of: RowOf) -> None:
    """OpenAI Agents over the Responses API: a message for each item, which are one in the answer as it came."""
    items = [
        {"id": "rs_1", "type": "reasoning", "summary": [{"text": "hm", "type": "summary_text"}]},
        {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Grüezi"}]},
    ]
    block = "message.contents.0.message_content"
    row = row_of(
        {
            "openinference.span.kind": "LLM",
            "output.value": json.dumps({"id": "resp_1", "model": "m", "object": "response", "output": items}),
            "llm.output_messages.0.message.role": "assistant",
            f"llm.output_messages.0.{block}.type": "reasoning",
            f"llm.output_messages.0.{block}.text": "hm",
            f"llm.output_messages.0.{block}.id": "rs_1",
            "llm.output_messages.1.message.role": "assistant",
            f"llm.output_messages.1.{block}.type": "text",
            f"llm.output_messages.1.{block}.text": "Grüezi",
        },
        scope_name="openinference.instrumentation.openai_agents",
    )
    (said,) = json.loads(row["output_messages"])
    assert [part["type"] for part in said["parts"]] == ["reasoning", "text"]
    assert row["output_text"] == "Grüezi"
