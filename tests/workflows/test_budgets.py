"""Daily budgets hold while many ask at once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.models import Attempt, JudgePrompt, JudgeSettings, Outcome, Rule
from otel_i2e.score import Scorer, judge_scorer, standalone
from otel_i2e.workflows.budgets import Budget, Budgets, Spent

JUDGE = judge_scorer(
    JudgePrompt(
        name="tone", choices={"a": 1, "b": 0}, fields=("output",), model="m", max_tokens=1, text="t", path="p"
    )
)  # fmt: skip
CODE = standalone()[0]


def rule(**budget: Any) -> Rule:
    """A rule with a budget."""
    return Rule(name="r", scorers=["tone"], **budget)


def attempt(scorer: Scorer, cost: float | None = None, outcome: Outcome = Outcome.SCORED) -> Attempt:
    """One that was made."""
    model = "m" if scorer.needs_judge else None
    return Attempt(scorer=scorer.name, scorer_version="v", outcome=outcome, cost_usd=cost, model=model)


def spend(budget: Budget, scorers: list[Scorer], costs: list[float | None], *, at_once: int) -> tuple[int, float]:
    """How many went ahead and what they cost, `at_once` at a time, ending in any order."""
    order = random.Random(7)
    made = 0
    spent = 0.0

    async def work(waiting: Any) -> None:
        nonlocal made, spent
        for scorer, cost in waiting:
            if await budget.take(scorer) is not None:
                continue
            for _ in range(order.randrange(5)):
                await asyncio.sleep(0)
            made += 1
            spent += cost or 0.0
            budget.settle(scorer, attempt(scorer, cost))

    async def all_of_them() -> None:
        waiting = iter(list(zip(scorers, costs, strict=True)))
        await asyncio.gather(*(work(waiting) for _ in range(at_once)))

    asyncio.run(all_of_them())
    return made, spent


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 32))
def test_calls_are_kept_exactly(limit: int, before: int, at_once: int) -> None:
    """What was spent before counts; nothing is overspent, nothing is left while there is demand."""
    made, _ = spend(Budget(rule(daily_budget=limit), Spent(before)), [CODE] * 40, [None] * 40, at_once=at_once)
    assert made == max(0, min(40, limit - before))


@given(st.integers(0, 50), st.integers(1, 10), st.integers(1, 40), st.integers(1, 32))
def test_dollars_are_overspent_by_less_than_one_verdict(limit: int, cost: int, verdicts: int, at_once: int) -> None:
    """However many are asked at once; and nothing is left while there is demand."""
    budget = Budget(rule(daily_budget_usd=limit), Spent())
    _, spent = spend(budget, [JUDGE] * verdicts, [float(cost)] * verdicts, at_once=at_once)
    assert spent < limit + cost
    assert spent >= min(limit, cost * verdicts)


def test_scorers_without_a_judge_cost_nothing() -> None:
    """They neither wait for money nor tell what a verdict costs."""
    scorers = [CODE, JUDGE] * 20
    costs = [None, 1.0] * 20
    made, spent = spend(Budget(rule(daily_budget_usd=3.5), Spent()), scorers, costs, at_once=32)
    assert (made, spent) == (24, 4.0)


def test_errors_without_cost_do_not_open_the_gate() -> None:
    """Until a verdict has told its price, only one is asked for at a time."""

    async def two() -> bool:
        budget = Budget(rule(daily_budget_usd=1), Spent())
        failed = Attempt(scorer="tone", scorer_version="v", outcome=Outcome.ERROR)
        assert await budget.take(JUDGE) is None
        budget.settle(JUDGE, failed)
        assert await budget.take(JUDGE) is None
        waiting = asyncio.create_task(budget.take(JUDGE))
        for _ in range(5):
            await asyncio.sleep(0)
        return waiting.cancel()

    assert asyncio.run(two())


def test_an_unknown_price_ends_a_dollar_budget() -> None:
    """A verdict came and nobody knows what it cost."""

    async def asked(spent: Spent) -> list[str | None]:
        budget = Budget(rule(daily_budget_usd=1), spent)
        first = await budget.take(JUDGE)
        if first is None:
            budget.settle(JUDGE, attempt(JUDGE, None))
        return [first, await budget.take(JUDGE), await budget.take(CODE)]

    first, second, code = asyncio.run(asked(Spent()))
    assert (first, code) == (None, None)
    assert second == "the judge's price is not known, so the rule's budget of $1 a day cannot be kept"
    assert asyncio.run(asked(Spent(unpriced=1)))[0] == second


def test_a_span_without_content_gives_its_call_back() -> None:
    """Nothing was called."""

    async def asked() -> list[str | None]:
        budget = Budget(rule(daily_budget=1), Spent())
        first = await budget.take(CODE)
        budget.settle(CODE, attempt(CODE, outcome=Outcome.NO_CONTENT))
        second = await budget.take(CODE)
        return [first, second, await budget.take(CODE)]

    assert asyncio.run(asked()) == [None, None, "the rule's budget of 1 calls a day is spent"]


def test_all_rules_together_overspend_by_one_call_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """Four rules, 32 questions at once, one budget in dollars and one in calls; code costs nothing of either."""
    for limits, most in (({"daily_budget_usd": 10.5}, 11), ({"daily_budget": 10}, 10)):
        shared = Budget(JudgeSettings.model_validate(limits), Spent())
        rules = [Budgets(Budget(rule(daily_budget=30), Spent()), shared) for _ in range(4)]
        made = asyncio.run(_together(rules, [JUDGE] * 60))
        with capsys.disabled():
            print(f"\n{limits}, 4 rules, 32 at once: {made} calls of $1, overspent by {max(0, made - 10)} call(s)")
        assert made == most
        assert asyncio.run(_together(rules, [CODE] * 8)) == 8


def test_what_the_shared_budget_refuses_costs_the_rule_nothing() -> None:
    """The rule's own budget is there for the next one."""

    async def asked() -> list[str | None]:
        own = Budget(rule(daily_budget=1), Spent())
        refusal = await Budgets(own, Budget(JudgeSettings(daily_budget=0), Spent())).take(JUDGE)
        return [refusal, await own.take(CODE)]

    assert asyncio.run(asked()) == ["the budget of [judge] of 0 calls a day is spent", None]


async def _together(rules: list[Budgets], scorers: list[Scorer]) -> int:
    """How many of each rule's scorers went ahead, eight at once for each rule, $1 each."""
    order, made = random.Random(3), 0

    async def work(budget: Budgets, waiting: Any) -> None:
        nonlocal made
        for scorer in waiting:
            if await budget.take(scorer) is None:
                for _ in range(order.randrange(9)):
                    await asyncio.sleep(0)
                made += 1
                budget.settle(scorer, attempt(scorer, 1.0 if scorer.needs_judge else None))

    queues = [(budget, iter(scorers[n :: len(rules)])) for n, budget in enumerate(rules)]
    await asyncio.gather(*(work(budget, queue) for budget, queue in queues for _ in range(8)))
    return made
