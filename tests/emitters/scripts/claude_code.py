"""Claude Code's trace spans, written by hand from its documentation: documented, not captured.

Names: https://code.claude.com/docs/en/monitoring-usage, section Traces (beta), with all content switches on. The model
calls are real, over the Anthropic SDK with its own tracing off.
"""

import json

import anthropic
import anthropic_app
import facts
import harness
from opentelemetry import trace

harness.tracing()
tracer = trace.get_tracer("com.anthropic.claude_code.tracing", "1.0.0")
SESSION = {"session.id": facts.CONVERSATION, "user.id": facts.USER, "terminal.type": "non-interactive"}


def _text(messages):
    content = messages[-1]["content"]
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _request_span(request):
    kept = {"span.type": "llm_request", "model": request["model"], "gen_ai.system": "anthropic"}
    kept |= {"gen_ai.request.model": request["model"], "query_source": "sdk", "speed": "normal", "attempt": 1}
    kept |= {"new_context": _text(request["messages"]), "system_prompt_preview": request["system"][:500]}
    return tracer.start_as_current_span("claude_code.llm_request", attributes={**SESSION, **kept})


def _call(connected, request):
    with _request_span(request) as span:
        try:
            with connected.messages.stream(**request) as stream:
                answer = stream.get_final_message()
        except anthropic.APIStatusError as error:
            span.set_attributes({"success": False, "status_code": error.status_code, "error": str(error)})
            raise
        usage = answer.usage
        span.set_attributes(
            {
                "success": True,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cache_read_tokens": usage.cache_read_input_tokens,
                "cache_creation_tokens": usage.cache_creation_input_tokens,
                "stop_reason": answer.stop_reason,
                "gen_ai.response.finish_reasons": [answer.stop_reason],
                "response.has_tool_call": answer.stop_reason == "tool_use",
                "response.model_output": "".join(block.text for block in answer.content if block.type == "text"),
            }
        )
        return answer


def _run_tool(name, arguments, id):
    attributes = {"span.type": "tool", "tool_name": name, "tool_use_id": id, "gen_ai.tool.call.id": id}
    attributes |= {"tool_input": json.dumps(arguments, ensure_ascii=False)}
    with tracer.start_as_current_span("claude_code.tool", attributes={**SESSION, **attributes}) as span:
        with tracer.start_as_current_span(
            "claude_code.tool.execution", attributes={**SESSION, "span.type": "tool.execution", "success": True}
        ):
            result = facts.run_tool(name, arguments)
        span.add_event("tool.output", {"content": result})
        return result


def interaction(prompt, *, tools=False):
    """One turn of the user."""
    attributes = {
        "span.type": "interaction",
        "user_prompt": prompt,
        "user_prompt_length": len(prompt),
        "interaction.sequence": 1,
    }
    with tracer.start_as_current_span("claude_code.interaction", attributes={**SESSION, **attributes}):
        connected, request = anthropic_app.client(), anthropic_app._ask(prompt)
        if tools:
            request["tools"] = anthropic_app._tools()
        while True:
            answer = _call(connected, request)
            calls = [block for block in answer.content if block.type == "tool_use"]
            if not calls:
                return
            said = [json.loads(block.model_dump_json(exclude_none=True)) for block in answer.content]
            results = [
                {
                    "type": "tool_result",
                    "tool_use_id": call.id,
                    "content": _run_tool(call.name, dict(call.input), call.id),
                }
                for call in calls
            ]
            request["messages"] += [{"role": "assistant", "content": said}, {"role": "user", "content": results}]


harness.run(
    {
        "chat": lambda: interaction(facts.QUESTION),
        "tools": lambda: interaction(facts.TOOL_QUESTION, tools=True),
        "stream": lambda: interaction(facts.QUESTION),
        "stream_tools": lambda: interaction(facts.TOOL_QUESTION, tools=True),
        "cached": lambda: interaction(facts.QUESTION),
        "error": lambda: interaction(facts.QUESTION),
        "conversation": lambda: interaction(facts.QUESTION),
        "long": lambda: interaction(facts.LONG_PROMPT),
    }
)
