"""Langfuse 5: its OpenAI drop-in and `@observe`, or Anthropic calls reported by hand (EMITTER_MODE)."""

import facts
import harness
from langfuse import Langfuse, propagate_attributes
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": harness.SERVICE}))
langfuse = Langfuse(
    public_key="pk-lf-test",
    secret_key="sk-lf-test",
    base_url=harness.URL,
    tracer_provider=provider,
    span_exporter=OTLPSpanExporter(f"{harness.URL}/otlp/v1/traces"),
)


def conversation():
    """Session and user for every span inside."""
    return propagate_attributes(session_id=facts.CONVERSATION, user_id=facts.USER)


def reported(create):
    """What Langfuse's cookbook does for a provider without an integration."""

    def call(**request):
        with langfuse.start_as_current_observation(
            as_type="generation",
            name="anthropic",
            model=request["model"],
            input={"system": request["system"], "messages": request["messages"]},
            model_parameters={"max_tokens": request["max_tokens"]},
        ) as generation:
            try:
                answer = create(**request)
            except Exception as error:
                generation.update(level="ERROR", status_message=str(error))
                raise
            usage = answer.usage
            generation.update(
                model=answer.model,
                output=[block.model_dump(exclude_none=True) for block in answer.content],
                usage_details={
                    "input": usage.input_tokens,
                    "output": usage.output_tokens,
                    "cache_read_input_tokens": usage.cache_read_input_tokens,
                    "cache_creation_input_tokens": usage.cache_creation_input_tokens,
                },
            )
            return answer

    return call


if harness.MODE == "openai":
    import openai_app as app
    from langfuse.openai import OpenAI

    app.Client = OpenAI
else:
    import anthropic_app as app

    plain = app.client

    def client():
        """A client whose calls are reported."""
        connected = plain()
        connected.messages.create = reported(connected.messages.create)
        return connected

    app.client = client


def retrieval():
    """A retriever observation, then the call."""
    with langfuse.start_as_current_observation(name="answer", as_type="chain"):
        with langfuse.start_as_current_observation(
            name="search", as_type="retriever", input=facts.RETRIEVAL_QUERY
        ) as search:
            search.update(output=facts.DOCUMENTS)
        app.retrieval()


harness.run(
    {**app.SCENARIOS, "retrieval": retrieval},
    around={"conversation": conversation},
    flushing=lambda: (langfuse.flush() if hasattr(langfuse, "flush") else None, provider.force_flush()),
)
