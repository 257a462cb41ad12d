"""Logfire: EMITTER_MODE is PROVIDER VERSION, like `openai 2`, or `agents chat` or `agents responses`."""

import facts
import harness
import logfire
from opentelemetry import baggage, context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider, version = harness.MODE.split()
exporter = BatchSpanProcessor(OTLPSpanExporter(f"{harness.URL}/otlp/v1/traces"))
logfire.configure(
    send_to_logfire=False,
    console=False,
    service_name=harness.SERVICE,
    service_version="1.2.3",
    additional_span_processors=[exporter],
    inspect_arguments=False,
)


class conversation:
    """Session and user travel in baggage."""

    def __enter__(self):
        named = baggage.set_baggage("session_id", facts.CONVERSATION)
        self.token = context.attach(baggage.set_baggage("user_id", facts.USER, named))

    def __exit__(self, *_):
        context.detach(self.token)


if provider == "openai":
    import openai_app as app

    logfire.instrument_openai(version=int(version))
elif provider == "agents":
    import agents_app as app

    logfire.instrument_openai_agents()
else:
    import anthropic_app as app

    logfire.instrument_anthropic(version=int(version))
harness.run(app.SCENARIOS, around={"conversation": conversation}, flushing=logfire.force_flush)
