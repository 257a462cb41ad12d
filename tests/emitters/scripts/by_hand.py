"""An application that writes the latest GenAI conventions itself, as the specification asks.

EMITTER_MODE: `structured` puts messages on spans as structured values; `events` puts them in
`gen_ai.client.inference.operation.details` log events; `json` as JSON text on spans.
"""

import json

import facts
import harness
import openai_app
from opentelemetry import trace
from opentelemetry._logs import LogRecord, get_logger
from opentelemetry.trace import SpanKind, Status, StatusCode

harness.tracing()
tracer, logger = trace.get_tracer("shop.agent", "1.0"), get_logger("shop.agent", "1.0")
PROMPT = {}
SPANS = []


def _parts(content):
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    return [
        {"type": "text", "content": one["text"]}
        if one["type"] == "text"
        else {"type": "blob", "modality": "image", "mime_type": "image/png", "content": facts.IMAGE_BASE64}
        for one in content or ()
    ]


def _calls(message):
    return [
        {
            "type": "tool_call",
            "id": call["id"],
            "name": call["function"]["name"],
            "arguments": json.loads(call["function"]["arguments"]),
        }
        for call in message.get("tool_calls") or ()
    ]


def _message(message):
    if message["role"] == "tool":
        part = {"type": "tool_call_response", "id": message["tool_call_id"], "response": json.loads(message["content"])}
        return {"role": "tool", "parts": [part]}
    return {"role": message["role"], "parts": [*_parts(message.get("content")), *_calls(message)]}


def _written(span, content):
    """Content where the mode wants it."""
    if harness.MODE == "events":
        logger.emit(
            LogRecord(
                event_name="gen_ai.client.inference.operation.details",
                attributes={"gen_ai.operation.name": "chat", **content},
                context=trace.set_span_in_context(span),
            )
        )
        return
    for name, value in content.items():
        span.set_attribute(name, value if harness.MODE == "structured" else json.dumps(value, ensure_ascii=False))


def _request(request):
    known = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_tokens": "max_tokens",
        "seed": "seed",
        "stop": "stop_sequences",
    }
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": request["model"],
        **{f"gen_ai.request.{to}": request[name] for name, to in known.items() if name in request},
        **PROMPT,
    }


def _usage(usage):
    return {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.prompt_tokens_details.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.completion_tokens_details.reasoning_tokens,
    }


def traced(create):
    """`create` under a span of the conventions."""

    def call(**request):
        system, *messages = request["messages"]
        content = {
            "gen_ai.system_instructions": _parts(system["content"]),
            "gen_ai.input.messages": [_message(one) for one in messages],
        }
        if tools := request.get("tools"):
            content["gen_ai.tool.definitions"] = [{"type": "function", **one["function"]} for one in tools]
        with tracer.start_as_current_span(
            f"chat {request['model']}",
            kind=SpanKind.CLIENT,
            attributes=_request(request),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            SPANS.append(span)
            try:
                answer = create(**request)
            except Exception as error:
                span.set_attribute("error.type", str(error.status_code))
                span.set_status(Status(StatusCode.ERROR, str(error)))
                _written(span, content)
                raise
            choice = json.loads(answer.choices[0].model_dump_json())
            said = {**_message(choice["message"]), "finish_reason": choice["finish_reason"]}
            _written(span, {**content, "gen_ai.output.messages": [said]})
            span.set_attributes(
                {
                    "gen_ai.response.model": answer.model,
                    "gen_ai.response.id": answer.id,
                    "gen_ai.response.finish_reasons": [choice["finish_reason"]],
                    **_usage(answer.usage),
                }
            )
            return answer

    return call


plain = openai_app.client


def client():
    """A client whose calls are traced."""
    connected = plain()
    connected.chat.completions.create = traced(connected.chat.completions.create)
    return connected


openai_app.client = client
run_tool = facts.run_tool


def traced_tool(name, arguments):
    """A tool under its span; the id is known to the loop only, so it is looked up by the loop's order."""
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "call_01OrderTools" if name == "get_order" else "call_01PolicyTools",
        "gen_ai.tool.call.arguments": json.dumps(arguments, ensure_ascii=False),
    }
    with tracer.start_as_current_span(f"execute_tool {name}", attributes=attributes) as span:
        result = run_tool(name, arguments)
        span.set_attribute("gen_ai.tool.call.result", result)
        return result


def tools():
    """The loop under an agent span that repeats the usage of its calls."""
    facts.run_tool = traced_tool
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", "gen_ai.provider.name": "openai"}
    with tracer.start_as_current_span("invoke_agent support", attributes=agent) as span:
        openai_app.tools()
        span.set_attribute("gen_ai.usage.input_tokens", 1301 + 1559)
        span.set_attribute("gen_ai.usage.output_tokens", 179 + 193)
    facts.run_tool = run_tool


def retrieval():
    """A retrieval span with documents, then the call."""
    with tracer.start_as_current_span("retrieval policies") as span:
        span.set_attributes(
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.data_source.id": "policies",
                "gen_ai.retrieval.query.text": facts.RETRIEVAL_QUERY,
            }
        )
        _written_documents(span)
    openai_app.retrieval()


def _written_documents(span):
    structured = harness.MODE == "structured"
    span.set_attribute(
        "gen_ai.retrieval.documents",
        facts.DOCUMENTS if structured else json.dumps(facts.DOCUMENTS, ensure_ascii=False),
    )


def conversation():
    """A call that names conversation, user and prompt, and an evaluation of it."""
    PROMPT.update(
        {
            "gen_ai.conversation.id": facts.CONVERSATION,
            "user.id": facts.USER,
            "gen_ai.prompt.name": facts.PROMPT_NAME,
            "gen_ai.prompt.version": str(facts.PROMPT_VERSION),
            **{f"gen_ai.prompt.variable.{name}": value for name, value in facts.PROMPT_VARIABLES.items()},
        }
    )
    openai_app.conversation()
    PROMPT.clear()
    logger.emit(
        LogRecord(
            event_name="gen_ai.evaluation.result",
            attributes={
                "gen_ai.evaluation.name": "grounded",
                "gen_ai.evaluation.score.value": 0.8125,
                "gen_ai.evaluation.score.label": "mostly",
                "gen_ai.evaluation.explanation": "One sentence has no source.",
            },
            context=trace.set_span_in_context(SPANS[-1]),
        )
    )


harness.run({**openai_app.SCENARIOS, "tools": tools, "retrieval": retrieval, "conversation": conversation})
