"""Pass rates of single scorers, where the policy asks for one."""

from __future__ import annotations

from otel_i2e.gate.remark import Remark
from otel_i2e.gate.verdicts import verdict_of
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import Experiment, Policy

__all__ = ["scorer_remarks"]


def scorer_remarks(experiment: Experiment, policy: Policy) -> list[Remark]:
    """Scorers below their rate, those that never gave a verdict, and those that were two at once.

    Two versions of a scorer are two scorers, and so are two models that answered for a judge: their verdicts are never
    counted together.
    """
    said: list[Remark] = []
    for name, rule in policy.scorers.items():
        tried = [one for run in experiment.runs for one in run.attempts if one.scorer == name]
        verdicts = [verdict for one in tried if (verdict := verdict_of(one)) is not None]
        versions = {one.scorer_version for one in tried}
        models = {one.model for one in tried if one.model is not None and verdict_of(one) is not None}
        shown = f"scorer {line(name, 80)}"
        if len(versions) > 1:
            said.append(Remark("undecided", f"{shown} ran in {len(versions)} versions: {listed(sorted(versions))}"))
        elif len(models) > 1:
            said.append(
                Remark("undecided", f"{shown} was answered by {len(models)} models: {listed(sorted(models))}; pin one")
            )
        elif not verdicts:
            why = "gave no verdict" if tried else "was never run, and the policy has a rule for it"
            said.append(Remark("undecided", f"{shown} {why}"))
        elif rule.pass_rate is not None and sum(verdicts) < rule.pass_rate * len(verdicts):
            rate = f"passed {sum(verdicts)} of {len(verdicts)} runs ({sum(verdicts) / len(verdicts):.1%})"
            said.append(Remark("fail", f"{shown} {rate}, below its pass_rate of {rule.pass_rate:.4g}"))
    return said
