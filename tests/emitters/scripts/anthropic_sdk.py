"""The Anthropic SDK traces itself."""

import anthropic_app
import harness

harness.tracing()
harness.run(anthropic_app.SCENARIOS)
