"""pydantic-ai. EMITTER_MODE is PROVIDER VERSION [events], like `anthropic 5` or `openai 1 logs`."""

import harness
import pydantic_ai_app
from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings

_, version, *mode = harness.MODE.split()
harness.tracing()
known = {"version": int(version), **({"event_mode": mode[0]} if mode else {})}
Agent.instrument_all(InstrumentationSettings(**known))
harness.run(pydantic_ai_app.SCENARIOS)
