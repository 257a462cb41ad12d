"""05 Gate in CI: evaluate the agent over a dataset, and let the exit code hold back a release.

    python examples/05_gate_in_ci.py

`i2e init` writes a GitHub workflow with the same two commands.
"""

import os

import local

os.environ.setdefault("GITHUB_STEP_SUMMARY", str(local.OUT / "summary.md"))


def release(prompt: str) -> int:
    """What a CI job does; gives its exit code."""
    os.environ["SHOP_PROMPT"] = prompt
    return local.i2e("eval", "evals/refunds.jsonl", "--task", "shop:answer", "--repeat", "2") or local.i2e(
        "gate", "--junit", str(local.OUT / "gate.xml")
    )


# The agent as it is: it invents a policy, the P0 case blocks, exit code 1.
print(f"prompt v1: exit {release('v1')}")

# The prompt is fixed: exit code 0.
print(f"prompt v2: exit {release('v2')}")
