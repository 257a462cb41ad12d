"""How an OpenInference user names session, user and prompt."""

import facts
from openinference.instrumentation import using_attributes


def conversation():
    """Attributes for every span inside."""
    return using_attributes(
        session_id=facts.CONVERSATION,
        user_id=facts.USER,
        prompt_template="You are {shop}'s agent. Be {tone}.",
        prompt_template_version=str(facts.PROMPT_VERSION),
        prompt_template_variables=facts.PROMPT_VARIABLES,
    )


AROUND = {"conversation": conversation}
