"""The Anthropic SDK traces itself, and the tools that its runner runs."""

import anthropic
import anthropic_app
import facts
import harness

harness.tracing()


def tool_runner():
    """Two parallel calls that the SDK runs itself."""
    runner = anthropic_app.client().beta.messages.tool_runner(
        model=facts.CLAUDE,
        max_tokens=facts.MAX_TOKENS,
        system=facts.SYSTEM,
        tools=[anthropic.beta_tool(facts.get_order), anthropic.beta_tool(facts.search_policy)],
        messages=[{"role": "user", "content": facts.TOOL_QUESTION}],
    )
    runner.until_done()


harness.run({**anthropic_app.SCENARIOS, "tool_runner": tool_runner})
