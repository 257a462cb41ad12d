"""What a policy asks to be there: suites that are required or have a rule, and every P0 case of what was evaluated.

A selection (`i2e eval --suite fast`) may leave whole suites out. Of a suite that was evaluated no P0 case may be
missing, and of a required one no case at all: a suite that is green by one hand-picked case was not measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import TypeAdapter, ValidationError

from otel_i2e.gate.remark import Remark
from otel_i2e.gate.suites import SuiteRate, suite_rates
from otel_i2e.gate.wording import line, listed
from otel_i2e.models import CaseDecision, Experiment, Policy

__all__ = ["demand_remarks"]

_SUITES: Final = TypeAdapter(dict[str, dict[str, int]])


def demand_remarks(
    cases: Sequence[CaseDecision], experiment: Experiment, policy: Policy, *, bears_gaps: bool = False
) -> list[Remark]:
    """Suites that are not there, or not in full, or that nothing which may block decided.

    `bears_gaps`: nothing else keeps the run undecided for what was not measured.
    """
    if not cases:
        return []
    rates = {rate.suite: rate for rate in suite_rates(cases)}
    whole = _whole(experiment)
    said: list[Remark] = []
    for name in dict.fromkeys((*policy.required_suites, *policy.suites)):
        rate = rates.get(name, SuiteRate(name, 0, 0, 0, 0))
        here, there = sum(rate[1:]), whole[name].total() if name in whole else 0
        if name in policy.required_suites and here < there:
            text = f"only {here} of the {there} cases of required suite {line(name, 80)} were evaluated"
            said.append(Remark("undecided", text))
        elif name not in policy.required_suites and not here and there:
            text = f"suite {line(name, 80)} of the policy was left out: none of its {there} cases was evaluated"
            said.append(Remark("note", text))
        elif text := _too_few(rate, policy, bears_gaps=bears_gaps):
            known = f"; the suites here are {listed(rates)}" if not here else ""
            said.append(Remark("undecided", text + known))
    return [*said, *(Remark("undecided", text) for text in _p0_left_out(experiment, whole))]


def _too_few(rate: SuiteRate, policy: Policy, *, bears_gaps: bool) -> str:
    """Why the suite's cases are no measurement; empty when they are one."""
    rule = policy.suites.get(rate.suite)
    least = rule.min_cases if rule is not None else 1
    shown = line(rate.suite, 80)
    what = f"required suite {shown}" if rate.suite in policy.required_suites else f"suite {shown} of the policy"
    if sum(rate[1:]) < least:
        return f"{what} has {sum(rate[1:])} of at least {least} cases"
    said_elsewhere = 0 if bears_gaps else rate.not_measured
    if rate.decided + said_elsewhere >= least:
        return ""
    why = [f"{rate.shadow} rest on judges that cannot block"] if rate.shadow else []
    why += [f"{rate.not_measured} were not measured"] if rate.not_measured else []
    return f"{what} has {rate.decided} measured cases of at least {least}: {', '.join(why)}"


def _p0_left_out(experiment: Experiment, whole: Mapping[str, Counter[str]]) -> Iterator[str]:
    here = _sizes((case.suite, case.priority) for case in experiment.cases)
    for suite, found in here.items():
        missing = whole.get(suite, found)["P0"] - found["P0"]
        if missing > 0:
            number = "1 P0 case" if missing == 1 else f"{missing} P0 cases"
            yield f"{number} of suite {line(suite, 80)} left out: no P0 case of a suite that is evaluated may be"


def _whole(experiment: Experiment) -> dict[str, Counter[str]]:
    """Suite → priority → cases in the whole dataset, selected or not; of an older record, those that were evaluated."""
    try:
        recorded = _SUITES.validate_python(experiment.metadata["dataset_suites"])
    except (KeyError, ValidationError):
        return _sizes((case.suite, case.priority) for case in experiment.cases)
    return {suite: Counter(counts) for suite, counts in recorded.items()}


def _sizes(cases: Iterator[tuple[str, str]]) -> dict[str, Counter[str]]:
    sizes: dict[str, Counter[str]] = {}
    for suite, priority in cases:
        sizes.setdefault(suite, Counter())[priority] += 1
    return sizes
